/**
 * How a rule is judged: a small graph is built around the operator, its gradient graph is derived, and what that
 * says is compared with central differences of the graph itself, both computed in float64 by the reference
 * interpreter. Once with all sizes known and once with every size of the inputs a symbol, so that what is
 * decided at derivation and what is decided at run time are both seen.
 */
import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  isFloat,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  toTensor,
  type Value,
  withOutputs,
  writeModel,
} from "@amaas/graph";
import { expect } from "vitest";
import { gradient, gradientName } from "./index.ts";

export type Build = (g: GraphBuilder, x: readonly Value[]) => Value;
export type Feeds = Readonly<Record<string, NDArray>>;

export interface Case {
  readonly build: Build;
  readonly inputs: readonly NDArray[];
  /** What the engine computes it in, where it has no float64 kernel. */
  readonly engine?: "FP32";
}

/** A float64 array. */
export function array(shape: readonly number[], data: readonly number[]): NDArray {
  return ndarray("FP64", shape, data);
}

/** A graph with inputs x0, x1, ... and an output `loss` that depends on every element of what is built. */
export function graphOf(build: Build, inputs: readonly NDArray[], symbolic: boolean): Graph {
  const g = graphBuilder("case");
  const x = inputs.map(({ type, shape }, index) => {
    const sizes = symbolic ? shape.map((_, axis) => `x${index}_${axis}`) : shape;
    return g.input(`x${index}`, type, sizes);
  });
  const y = build(g, x);
  // Not a plain sum, whose gradient is the same everywhere and hides what goes to a wrong place.
  const weighted = g.exp(g.mul(y, g.scalar(0.1, y)));
  g.output("loss", g.reduceSum(weighted, undefined, { keepdims: false }));
  return g.build();
}

export function feedsOf(inputs: readonly NDArray[]): Feeds {
  return Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));
}

export function floats(feeds: Feeds): readonly string[] {
  return Object.keys(feeds).filter((name) => isFloat(feeds[name]!.type));
}

/** Every derived gradient against central differences, with known and with unknown sizes. */
export function expectGradients({ build, inputs }: Case): void {
  const feeds = feedsOf(inputs);
  for (const symbolic of [false, true]) {
    const graph = graphOf(build, inputs, symbolic);
    const wrt = floats(feeds);
    const derived = evaluate(gradient(graph, { loss: "loss", wrt }), feeds);
    for (const name of wrt) {
      const found = derived[gradientName(name)]!;
      expect(found.shape, `shape of the gradient of ${name}`).toEqual(feeds[name]!.shape);
      expectClose(found, differences(graph, feeds, name), 1e-6);
    }
  }
}

/** The gradient of a function of the gradient, with known and with unknown sizes. */
export function expectSecondGradients({ build, inputs }: Case): void {
  const feeds = feedsOf(inputs);
  for (const symbolic of [false, true]) {
    const wrt = floats(feeds);
    const graph = slopeOf(gradient(graphOf(build, inputs, symbolic), { loss: "loss", wrt }), wrt);
    const derived = evaluate(gradient(graph, { loss: "loss", wrt }), feeds);
    for (const name of wrt)
      expectClose(derived[gradientName(name)]!, differences(graph, feeds, name), 1e-5);
  }
}

/** A graph whose loss grows with the gradients that another one puts out, and with its inputs. */
function slopeOf(first: Graph, wrt: readonly string[]): Graph {
  const g = graphBuilder("slope");
  const inputs = first.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const x: Readonly<Record<string, Value>> = Object.fromEntries(inputs);
  const made = g.inline(withOutputs(first, wrt.map(gradientName)), x);
  const all = { keepdims: false };
  const parts = wrt.map((name) => {
    const slope = made[gradientName(name)]!;
    // The input itself takes part, so that a gradient which is the same everywhere still has one of its own.
    const squares = g.mul(g.add(slope, g.scalar(0.5, slope)), slope);
    return g.add(g.reduceSum(squares, undefined, all), g.reduceSum(x[name]!, undefined, all));
  });
  g.output(
    "loss",
    parts.reduce((sum, part) => g.add(sum, part)),
  );
  return g.build();
}

/** The slope of the loss in each element of one input. */
function differences(graph: Graph, feeds: Feeds, name: string): NDArray {
  const { shape } = feeds[name]!;
  const data = numbersOf(feeds[name]!);
  const step = 1e-5;
  const lossAt = (index: number, change: number): number => {
    const moved = Float64Array.from(data);
    moved[index]! += change;
    const { loss } = evaluate(graph, { ...feeds, [name]: array(shape, [...moved]) });
    return Number(loss!.data[0]);
  };
  const slopes = Array.from(data, (_, at) => (lossAt(at, step) - lossAt(at, -step)) / (2 * step));
  return array(shape, slopes);
}

/** The gradient graph on the real engine against the reference interpreter, which always counts in float64. */
export async function expectSameOnEngine({ build, inputs: given, engine }: Case): Promise<void> {
  const inputs = given.map((x) => (engine && x.type === "FP64" ? { ...x, type: engine } : x));
  const feeds = feedsOf(inputs);
  for (const symbolic of [false, true]) {
    const derived = gradient(graphOf(build, inputs, symbolic), {
      loss: "loss",
      wrt: floats(feeds),
    });
    const session = await openSession(writeModel(modelOf(derived)));
    try {
      const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
      const found = await session.run(Object.fromEntries(tensors));
      const expected = evaluate(derived, feeds);
      for (const { name } of derived.outputs)
        expectClose(fromTensor(found[name]!), expected[name]!, engine ? 1e-5 : 1e-9);
    } finally {
      await session.release();
    }
  }
}

export function expectClose(found: NDArray, expected: NDArray, tolerance: number): void {
  expect(found.shape).toEqual(expected.shape);
  const wanted = numbersOf(expected);
  const same = numbersOf(found).every((is, index) => isClose(is, wanted[index]!, tolerance));
  if (!same) expect(numbersOf(found)).toEqual(wanted);
}

function isClose(is: number, wanted: number, tolerance: number): boolean {
  return (
    Object.is(is, wanted) || Math.abs(is - wanted) <= tolerance * Math.max(1, Math.abs(wanted))
  );
}
