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
  isStatic,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  sizeOf,
  toTensor,
  type Value,
  withOutputs,
  writeModel,
} from "@amaas/graph";
import { expect } from "vitest";
import { gradient, gradientName, hasGradient } from "./index.ts";

export type Build = (g: GraphBuilder, x: readonly Value[]) => Value;
export type Feeds = Readonly<Record<string, NDArray>>;

export interface Case {
  readonly build: Build;
  readonly inputs: readonly NDArray[];
  /** What the engine computes it in, where it has no float64 kernel. */
  readonly engine?: "FP32";
  /** Set where the engine goes wrong with a transposition that it moves past the operator itself. */
  readonly upright?: true;
  /** Sizes without which there is no rule: they stay known where the others become symbols. */
  readonly known?: (input: number, axis: number) => boolean;
}

/** A float64 array. */
export function array(shape: readonly number[], data: readonly number[]): NDArray {
  return ndarray("FP64", shape, data);
}

/** A graph with inputs x0, x1, ... and an output `loss` that depends on every element of what is built. */
export function graphOf({ build, inputs, known }: Omit<Case, "engine">, symbolic: boolean): Graph {
  const g = graphBuilder("case");
  const x = inputs.map(({ type, shape }, index) => {
    const sizes = shape.map((size, axis) =>
      symbolic && !known?.(index, axis) ? `x${index}_${axis}` : size,
    );
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
export function expectGradients(given: Case): void {
  const feeds = feedsOf(given.inputs);
  for (const symbolic of [false, true]) {
    const graph = graphOf(given, symbolic);
    const wrt = floats(feeds);
    const whole = gradient(graph, { loss: "loss", wrt });
    // Closed: whatever a gradient is made of has a gradient.
    const without = whole.nodes.filter(({ domain, op }) => !hasGradient(domain, op));
    expect(without.map(({ op }) => op)).toEqual([]);
    const derived = evaluate(whole, feeds);
    for (const name of wrt) {
      const found = derived[gradientName(name)]!;
      expect(found.shape, `shape of the gradient of ${name}`).toEqual(feeds[name]!.shape);
      expectSlopes(found, graph, feeds, name, 1e-6);
    }
  }
}

/** The gradient of a function of the gradient, with known and with unknown sizes. */
export function expectSecondGradients(given: Case): void {
  const feeds = feedsOf(given.inputs);
  for (const symbolic of [false, true]) {
    const wrt = floats(feeds);
    const graph = slopeOf(gradient(graphOf(given, symbolic), { loss: "loss", wrt }), wrt);
    const derived = evaluate(gradient(graph, { loss: "loss", wrt }), feeds);
    for (const name of wrt) expectSlopes(derived[gradientName(name)]!, graph, feeds, name, 1e-5);
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

/**
 * Forward mode against reverse mode: what the operator makes of a direction, found as the gradient of its gradient
 * (which is linear in the gradient at the output, so that its own gradient there is the Jacobian times the
 * direction), against a difference along that direction.
 */
export function expectForwardMode({ build, inputs }: Case): void {
  const wrt = floats(feedsOf(inputs));
  const plain = valueGraph(build, inputs);
  const { shape } = plain.outputs[0]!;
  if (!isStatic(shape)) return;
  const pulled = gradient(withSeed(plain, shape), { loss: "loss", wrt });
  const pushed = gradient(alongDirection(pulled, wrt), { loss: "loss", wrt: ["seed"] });
  const feeds = feedsOf(inputs);
  const directions = Object.fromEntries(
    wrt.map((name) => {
      const { type, shape: sizes, data } = feeds[name]!;
      const along = Array.from({ length: data.length }, (_, index) => Math.cos(3 * index + 1));
      return [name, ndarray(type, sizes, along)];
    }),
  );
  const marked = Object.entries(directions).map(([name, value]) => [`to ${name}`, value]);
  const seed = array(shape, new Array<number>(sizeOf(shape)!).fill(0.5));
  const found = evaluate(pushed, { ...feeds, ...Object.fromEntries(marked), seed });
  expectClose(found[gradientName("seed")]!, differenceAlong(plain, feeds, directions), 1e-6);
}

/** A graph whose output `y` is what is built. */
function valueGraph(build: Build, inputs: readonly NDArray[]): Graph {
  const g = graphBuilder("value");
  const x = inputs.map(({ type, shape }, index) => g.input(`x${index}`, type, shape));
  g.output("y", build(g, x));
  return g.build();
}

/** `loss` is the sum of `y`, each element as often as `seed` says. */
function withSeed(graph: Graph, shape: readonly number[]): Graph {
  const g = graphBuilder("seeded");
  const x = graph.inputs.map((input) => [input.name, g.input(input.name, input.type, input.shape)]);
  const { y } = g.inline(graph, Object.fromEntries(x));
  const seed = g.input("seed", "FP64", shape);
  g.output("loss", g.reduceSum(g.mul(y!, seed), undefined, { keepdims: false }));
  return g.build();
}

/** `loss` is the product of the gradients with directions, which come in as `to <name>`. */
function alongDirection(pulled: Graph, wrt: readonly string[]): Graph {
  const g = graphBuilder("along");
  const x = pulled.inputs.map((input) => [
    input.name,
    g.input(input.name, input.type, input.shape),
  ]);
  const made = g.inline(withOutputs(pulled, wrt.map(gradientName)), Object.fromEntries(x));
  const parts = wrt.map((name) => {
    const slope = made[gradientName(name)]!;
    const to = g.input(`to ${name}`, "FP64", slope.shape!);
    return g.reduceSum(g.mul(slope, to), undefined, { keepdims: false });
  });
  g.output(
    "loss",
    parts.reduce((sum, part) => g.add(sum, part)),
  );
  return g.build();
}

function differenceAlong(graph: Graph, feeds: Feeds, directions: Feeds): NDArray {
  const step = 1e-5;
  const [up, down] = [step, -step].map((by) => {
    const moved = Object.entries(directions).map(([name, along]): [string, NDArray] => {
      const data = numbersOf(along).map((n, index) => numbersOf(feeds[name]!)[index]! + by * n);
      return [name, ndarray(along.type, along.shape, data)];
    });
    return evaluate(graph, { ...feeds, ...Object.fromEntries(moved) }).y!;
  });
  const slopes = numbersOf(up!).map((n, index) => (n - numbersOf(down!)[index]!) / (2 * step));
  return ndarray("FP64", up!.shape, slopes);
}

/** A gradient against differences: where small ones drown in rounding, against longer ones of higher order. */
function expectSlopes(
  found: NDArray,
  graph: Graph,
  feeds: Feeds,
  name: string,
  tolerance: number,
): void {
  const rough = differences(graph, feeds, name, centralDifference);
  if (!differs(found, rough, tolerance)) return;
  expectClose(found, differences(graph, feeds, name, longDifference), tolerance);
}

type Difference = (f: (change: number) => number) => number;

const centralDifference: Difference = (f) => (f(1e-5) - f(-1e-5)) / 2e-5;

/** Of the fourth order. */
const longDifference: Difference = (f) => (8 * (f(1e-3) - f(-1e-3)) - (f(2e-3) - f(-2e-3))) / 12e-3;

/** The slope of the loss in each element of one input. */
function differences(graph: Graph, feeds: Feeds, name: string, slopeOf: Difference): NDArray {
  const { shape } = feeds[name]!;
  const data = numbersOf(feeds[name]!);
  const slopes = Array.from(data, (value, at) =>
    slopeOf((change) => {
      const moved = Float64Array.from(data).fill(value + change, at, at + 1);
      const { loss } = evaluate(graph, { ...feeds, [name]: array(shape, [...moved]) });
      return Number(loss!.data[0]);
    }),
  );
  return array(shape, slopes);
}

/**
 * The gradient graph on the real engine against the reference interpreter, which always counts in float64; as it is,
 * and as the engine's optimizer rewrites it. That moves transpositions about, so there are some around, too.
 */
export async function expectSameOnEngine(given: Case): Promise<void> {
  await expectSame(given);
  const shapes = [...given.inputs, ...valueGraph(given.build, given.inputs).outputs];
  // An Expand to nothing is taken for one to what there was, once transpositions are moved past it.
  const isEmpty = shapes.some(({ shape }) => shape.includes(0));
  if (!given.upright && !isEmpty) await expectSame(turned(given));
}

/** The same with the axes of all inputs, and of what is built, the other way round on the outside. */
function turned({ build, inputs, known, ...rest }: Case): Case {
  return {
    ...rest,
    build: (g, x) =>
      g.transpose(
        build(
          g,
          x.map((value) => g.transpose(value)),
        ),
      ),
    inputs: inputs.map((x) => {
      const feeds = { x };
      const g = graphBuilder("turned");
      g.output("y", g.transpose(g.input("x", x.type, x.shape)));
      return evaluate(g.build(), feeds).y!;
    }),
    ...(known && {
      known: (input, axis) => known(input, inputs[input]!.shape.length - 1 - axis),
    }),
  };
}

async function expectSame({ engine, ...given }: Case): Promise<void> {
  const inputs = given.inputs.map((x) =>
    engine && x.type === "FP64" ? { ...x, type: engine } : x,
  );
  const feeds = feedsOf(inputs);
  const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
  for (const symbolic of [false, true]) {
    const wrt = floats(feeds);
    const derived = gradient(graphOf({ ...given, inputs }, symbolic), { loss: "loss", wrt });
    const expected = evaluate(derived, feeds);
    for (const optimization of symbolic
      ? ["basic" as const]
      : ["disabled" as const, "all" as const]) {
      const session = await openSession(writeModel(modelOf(derived)), { optimization });
      const found = await session.run(Object.fromEntries(tensors)).finally(() => session.release());
      // Fusions round scales to float32, even between matrices of float64.
      const tolerance = engine ? 1e-5 : optimization === "all" ? 1e-6 : 1e-9;
      for (const { name } of derived.outputs)
        expectClose(fromTensor(found[name]!), expected[name]!, tolerance);
    }
  }
}

export function expectClose(found: NDArray, expected: NDArray, tolerance: number): void {
  expect(differs(found, expected, tolerance) ?? "close").toBe("close");
}

/** What is wrong with `found`, if anything is. */
function differs(found: NDArray, expected: NDArray, tolerance: number): string | undefined {
  if (found.shape.join() !== expected.shape.join())
    return `the shape is [${found.shape}], not [${expected.shape}]`;
  const [is, wanted] = [numbersOf(found), numbersOf(expected)];
  const far = is.findIndex((value, index) => !isClose(value, wanted[index]!, tolerance));
  return far === -1 ? undefined : `element ${far} is ${is[far]}, not ${wanted[far]}`;
}

function isClose(is: number, wanted: number, tolerance: number): boolean {
  return (
    Object.is(is, wanted) || Math.abs(is - wanted) <= tolerance * Math.max(1, Math.abs(wanted))
  );
}
