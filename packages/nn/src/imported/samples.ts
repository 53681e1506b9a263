/** Rows of features as the input of a file takes samples: numbers of its shape, or ids of its type. */
import type { DomainError } from "@amaas/errors";
import type { GraphBuilder, Shape, Value } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";
import { elementCount } from "@amaas/tensor";
import type { NetworkSize } from "../network.ts";
import { shapeOf, unfit } from "../samples.ts";
import { isA, type Part } from "./part.ts";

export interface Fitting {
  readonly part: Part;
  readonly input: string;
  readonly size: NetworkSize;
}

/** What says how many tokens there are in a row. */
export const placesAdvice =
  "data.context of a text, or the columns of an array but one, say how many";

/** @throws DomainError invalid-argument where samples are of another shape or kind. */
export function samplesFor(g: GraphBuilder, features: Value, fitting: Fitting): Value {
  const { part, input, size } = fitting;
  const { type, shape } = part.graph.inputs.find(({ name }) => name === input)!;
  if (shape.length === 0) throw unfitInput(input, "takes a single number, wanted a row a sample");
  const wanted = sampleShape(input, shape.slice(1), size);
  const own = ofFile(g, features, size);
  const seen = wanted.length === 1 ? own : g.reshape(own, [0, ...wanted]);
  if (type === "FP32") return seen;
  if (type !== "INT32" && type !== "INT64")
    throw unfitInput(input, `is ${type}, wanted FP32, or INT32 or INT64 for tokens`);
  requireTokens(fitting, type);
  return g.cast(seen, type);
}

/** Ids as the file has them; those that it has none for are its first. */
function ofFile(g: GraphBuilder, features: Value, { firstOfFile }: NetworkSize): Value {
  if (firstOfFile === undefined) return features;
  const shifted = g.sub(features, g.scalar(firstOfFile, features));
  return g.node("Max", [shifted, g.scalar(0, shifted)]);
}

/** What the file says, and the data where the file leaves it open. */
function sampleShape(input: string, sizes: Shape, size: NetworkSize): readonly number[] {
  const seen = shapeOf(size);
  const own = size.shape === undefined ? undefined : seen;
  const known = sizes.filter((one) => typeof one === "number");
  // Rows that nobody has given a shape have that of the input; a flat one takes any.
  if (known.length === sizes.length && elementCount(known) === size.features)
    if (!own || known.length === 1) return known;
  const fits =
    sizes.length === seen.length &&
    sizes.every((one, axis) => typeof one === "string" || one === seen[axis]);
  if (fits) return seen;
  if (size.eachPlace)
    throw unfitInput(
      input,
      `takes rows of the shape [${sizes}], found ${size.features} tokens; ${placesAdvice}`,
    );
  const who = `input ${JSON.stringify(input)} of the file`;
  throw unfit("architecture.file", who, `samples of the shape [${sizes}]`, seen);
}

/** Ids that a table has rows for. */
function requireTokens({ part, input, size }: Fitting, type: string): void {
  if (size.vocabulary === undefined)
    throw unfitInput(input, `is ${type}, which takes tokens, found data that has no vocabulary`);
  const { graph } = part;
  const vocabulary = size.vocabulary - (size.firstOfFile ?? 0);
  const ids = new Set([input]);
  for (const node of graph.nodes) {
    const [table = "", index = ""] = node.inputs;
    if (isA(node, "Cast", "Identity") && ids.has(table)) ids.add(node.outputs[0]!);
    const rows = graph.initializers.get(table)?.shape[0];
    if (!isA(node, "Gather") || !ids.has(index) || rows === undefined) continue;
    if (rows < vocabulary)
      throw unfitInput(input, `has ids up to ${rows - 1}, found ${vocabulary} different ones`);
  }
}

function unfitInput(input: string, what: string): DomainError {
  const description = `input ${JSON.stringify(input)} of the file ${what}`;
  return faultySpec([{ field: "architecture.file", description }]);
}
