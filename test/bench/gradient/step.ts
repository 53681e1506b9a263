/**
 * The same step as step.py, on onnxruntime: reads an exported model, derives its gradients, and times the forward
 * pass and the step, on one thread. Its loss and gradients are compared with PyTorch's on the way.
 *
 * node step.ts FOLDER SECONDS prints one JSON object.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gradient, gradientName } from "@amaas/autodiff";
import { openSession, type Session } from "@amaas/engine";
import {
  type Graph,
  isFloat,
  isStatic,
  modelOf,
  readModel,
  withOutputs,
  writeModel,
} from "@amaas/graph";
import { type DataType, fromRaw, type Tensor, zeros } from "@amaas/tensor";
import { median } from "../statistics.ts";

interface Expected {
  readonly loss: number;
  /** The Euclidean length of the gradients of all parameters, which exporters join, cut and turn. */
  readonly length: number;
}

const [folder = ".", seconds = "2"] = process.argv.slice(2);
const { graph } = readModel(readFileSync(join(folder, "model.onnx")));
const expected: Expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));

// Exporters give parameters other names and shapes. What else has a slope, an initial state or a factor, is one number.
const arrays = [...graph.initializers].filter(
  ([, { type, data }]) => isFloat(type) && data.some((element) => element !== data[0]),
);
const start = performance.now();
const training = gradient(graph, {
  loss: "loss",
  wrt: arrays.map(([name]) => name),
  independent: "omit",
});
const deriveMs = performance.now() - start;
const made = new Set(training.outputs.map(({ name }) => name));
const wrt = arrays.map(([name]) => name).filter((name) => made.has(gradientName(name)));

const step = await prepare(training, ["loss", ...wrt.map(gradientName)]);
const forward = await prepare(graph, ["loss"]);
const found = await step.run();
const forwardMs = await timed(forward.run);
const stepMs = await timed(step.run);
const peakMb = process.resourceUsage().maxRSS / 1e3;
process.stdout.write(
  `${JSON.stringify({ nodes: [graph.nodes.length, training.nodes.length], deriveMs, forwardMs, stepMs, peakMb, error: worstError(found) })}\n`,
);

/** A session with the parameters as inputs and every output in a place of its own. */
async function prepare(whole: Graph, names: readonly string[]) {
  const opened = await openSession(writeModel(modelOf(parametersOut(withOutputs(whole, names)))));
  const feeds = Object.fromEntries(
    opened.inputs.map(({ name }) => [name, whole.initializers.get(name) ?? batch(whole, name)]),
  );
  const fetches = Object.fromEntries(opened.outputs.map(({ name }) => [name, place(whole, name)]));
  return { run: (): ReturnType<Session["run"]> => opened.run(feeds, fetches) };
}

/** Weights are fed, as in training: what is constant in a file would be folded and packed once for all steps. */
function parametersOut(whole: Graph): Graph {
  const moved = wrt.filter((name) => whole.initializers.has(name));
  const initializers = new Map(whole.initializers);
  const inputs = moved.map((name) => {
    const { type, shape } = initializers.get(name)!;
    initializers.delete(name);
    return { name, type, shape };
  });
  return { ...whole, inputs: [...whole.inputs, ...inputs], initializers };
}

function batch(whole: Graph, name: string): Tensor {
  const { type, shape } = whole.inputs.find((input) => input.name === name)!;
  return fromRaw(type, sizes(shape), readFileSync(join(folder, `${name}.bin`)));
}

function place(whole: Graph, name: string): Tensor {
  const { type, shape } = whole.outputs.find((output) => output.name === name)!;
  return zeros(type as Exclude<DataType, "BYTES">, sizes(shape));
}

function sizes(shape: Graph["inputs"][number]["shape"]): readonly number[] {
  if (!isStatic(shape)) throw new Error(`the shape [${shape}] is not known`);
  return shape;
}

/** The median of as many runs as fit, after as long a warm-up, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (const span of [Number(seconds) / 2, Number(seconds)]) {
    times.length = 0;
    const end = performance.now() + span * 1e3;
    while (performance.now() < end || times.length < 3) {
      const from = performance.now();
      await work();
      times.push(performance.now() - from);
    }
  }
  return median(times);
}

/** The larger relative difference to PyTorch, of the loss or of the length of all gradients together. */
function worstError(results: Readonly<Record<string, Tensor>>): number {
  const length = Math.hypot(...wrt.map((name) => lengthOf(results[gradientName(name)]!)));
  const pairs = [
    [length, expected.length],
    [Number(results.loss!.data[0]), expected.loss],
  ] as const;
  return Math.max(...pairs.map(([is, want]) => Math.abs(is - want) / want));
}

function lengthOf({ type, data }: Tensor): number {
  if (!isFloat(type)) throw new Error(`a gradient is ${type}`);
  let sum = 0;
  for (const element of data) sum += Number(element) ** 2;
  return Math.sqrt(sum);
}
