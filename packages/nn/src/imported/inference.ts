/**
 * A graph of somebody else's as nodes of a network's, in the form that it has for inference: nothing is dropped, batches
 * are normalised by the statistics in the file.
 */
import type { Graph, GraphBuilder, Replace, Value } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";
import { forAnyBatch } from "./batch-axis.ts";
import type { Inputs } from "./inputs.ts";
import type { Part } from "./part.ts";

/** Their bits would be others each time. */
const drawing = [
  "RandomNormal",
  "RandomUniform",
  "RandomNormalLike",
  "RandomUniformLike",
  "Multinomial",
  "Bernoulli",
];

export interface Bound {
  readonly inputs: Inputs;
  /** Of every input of the graph: of samples, and of its weights. */
  readonly values: Readonly<Record<string, Value>>;
  /** Whether weights begin anew: nothing is known then of batches that they would make. */
  readonly fresh: boolean;
}

/** The value of the part's output. */
export function inlined(
  g: GraphBuilder,
  { graph, output }: Part,
  { inputs: { samples, ...others }, values, fresh }: Bound,
): Value {
  refuseDrawing(graph);
  const made = g.inlineAll(
    forAnyBatch(graph, samples, Object.values(others)),
    values,
    (node, inputs) => {
      if (node.domain !== "") return undefined;
      if (node.op === "Dropout") return kept(g, inputs);
      if (node.op === "BatchNormalization") {
        const isNew = fresh && Object.hasOwn(values, node.inputs[1] ?? "");
        return byStatistics(g, node, isNew ? withoutStatistics(g, inputs) : inputs);
      }
      return undefined;
    },
  );
  return made.get(output)!;
}

type Arguments = Parameters<Replace>;

function kept(g: GraphBuilder, [x]: Arguments[1]): readonly Value[] {
  return [x!, g.equal(x!, x!)];
}

function byStatistics(
  g: GraphBuilder,
  { attributes: { epsilon }, name }: Arguments[0],
  inputs: Arguments[1],
): readonly Value[] {
  const y = g.node("BatchNormalization", inputs, { epsilon }, { name });
  return [y, inputs[3]!, inputs[4]!];
}

/** Of mean 0 and variance 1. */
function withoutStatistics(g: GraphBuilder, [x, scale, bias, mean, variance]: Arguments[1]) {
  const filled = (like: Value | undefined, value: number) =>
    g.expand(g.scalar(value, like!), g.shape(like!));
  return [x, scale, bias, filled(mean, 0), filled(variance, 1)];
}

function refuseDrawing({ nodes }: Graph): void {
  const node = nodes.find(({ op, domain }) => domain === "" && drawing.includes(op));
  if (!node) return;
  const description = `${node.op} "${node.name}" draws random numbers, wanted a network that gives the same each time`;
  throw faultySpec([{ field: "architecture.file", description }]);
}
