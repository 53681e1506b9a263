/** The cases that PyTorch answered (`python/operators.py`), as graphs. */
import { join } from "node:path";
import {
  type Attributes,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  ndarray,
  numbersOf,
  readModel,
  toTensor,
  type Value,
} from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import { type ArrayRef, type BlobRef, readPacked } from "./packed.ts";

export interface OperatorCase {
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (ArrayRef | null)[];
  /** Which inputs without a gradient are fed; the others are constants of the graph. */
  readonly feed: readonly number[];
  /** Null is an output that is not looked at. */
  readonly outputs: readonly (ArrayRef | null)[];
  /** Which outputs the loss takes. */
  readonly used: readonly number[];
  readonly loss: number;
  readonly gradients: readonly (ArrayRef | null)[];
  /** Stands for the node, where one does not say it all. */
  readonly model?: BlobRef;
}

const file = readPacked<{ readonly torch: string; readonly cases: readonly OperatorCase[] }>(
  join(import.meta.dirname, "fixtures/operators.bin.br"),
);

export const { cases } = file.header;

/** How the floating-point numbers of a case are computed: as PyTorch did, or as models do. */
export type Precision = "FP64" | "FP32";

export interface Problem {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly wrt: readonly string[];
  /** What PyTorch says of the outputs and the gradients, by name; "" in front of none. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

export function problemOf(each: OperatorCase, precision: Precision): Problem {
  const g = graphBuilder("case");
  const feeds: Record<string, Tensor> = {};
  const inputs = each.inputs.map((ref, at) => {
    if (!ref) return undefined;
    const tensor = rounded(file.array(ref), precision);
    if (!each.gradients[at] && !each.feed.includes(at)) return g.constant(tensor);
    feeds[`x${at}`] = tensor;
    return g.input(`x${at}`, tensor.type, tensor.shape);
  });
  const made = makeOutputs(g, each, inputs);
  g.output(
    "loss",
    lossOf(
      g,
      each.used.map((at) => made[at]!),
    ),
  );
  const outputs: Record<string, Tensor> = {};
  for (const [at, ref] of each.outputs.entries()) {
    if (!ref) continue;
    g.output(`y${at}`, made[at]!);
    outputs[`y${at}`] = file.array(ref);
  }
  const gradients = each.gradients.flatMap((ref, at) =>
    ref ? [[`x${at}`, file.array(ref)] as const] : [],
  );
  return {
    graph: g.build(),
    feeds,
    wrt: gradients.map(([name]) => name),
    outputs,
    gradients: Object.fromEntries(gradients),
  };
}

function makeOutputs(
  g: GraphBuilder,
  { op, attributes, outputs, model }: OperatorCase,
  inputs: readonly (Value | undefined)[],
): readonly Value[] {
  if (!model) return g.node(op, inputs, attributes, { outputs: outputs.length });
  const { graph } = readModel(file.blob(model));
  const bindings = graph.inputs.map(({ name }, at) => [name, inputs[at]!] as const);
  const made = g.inline(graph, Object.fromEntries(bindings));
  return graph.outputs.map(({ name }) => made[name]!);
}

/** The sum of exp(y / 10): its slope differs from element to element, so what goes to a wrong place shows. */
function lossOf(g: GraphBuilder, values: readonly Value[]): Value {
  const sums = values.map((y) =>
    g.reduceSum(g.exp(g.mul(y, g.scalar(0.1, y))), undefined, { keepdims: false }),
  );
  // Some outputs are float32 whatever the others are.
  return sums.reduce((total, sum) => g.add(total, g.cast(sum, total.type!)));
}

/** The inputs are numbers that float32 holds, so nothing is lost here. */
function rounded(tensor: Tensor, precision: Precision): Tensor {
  if (precision === "FP64" || tensor.type !== "FP64") return tensor;
  return toTensor(ndarray("FP32", tensor.shape, numbersOf(fromTensor(tensor))));
}
