/** What a file, or a new head in the place of its last layer, puts out, as a task wants it; what does not fit is refused. */
import type { DomainError } from "@amaas/errors";
import type { GraphBuilder, Value } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";
import { elementCount } from "@amaas/tensor";
import { dense } from "../layers/dense.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import type { NetworkSize } from "../network.ts";
import { isA, makersIn, type Part } from "./part.ts";
import { placesAdvice } from "./samples.ts";

/** Far below every score: what has it is never said. */
const unsaid = -1e9;

/** FP32 [batch, outputs], or at each place [batch, time, outputs], by a layer of its own. */
export function newHead(n: LayerBuilder, given: Value, size: NetworkSize): Value {
  const [batch, ...sizes] = given.shape ?? [];
  const { eachPlace, features, outputs } = size;
  const rank = eachPlace ? 2 : 1;
  const isKnown = sizes.length === rank && sizes.every((one) => typeof one === "number");
  if (given.type === "FP32" && typeof batch === "string" && isKnown)
    if (!eachPlace || sizes[0] === features) return dense(n.at("head"), given, { width: outputs });
  const wanted = eachPlace ? `FP32 [samples, ${features}, width]` : "FP32 [samples, width]";
  throw unfitOutput(given, "what the last dense layer takes", wanted);
}

/** FP32 [batch, outputs], out of values of that number for each sample; or those at each place. */
export function outputsOf(g: GraphBuilder, made: Value, part: Part, size: NetworkSize): Value {
  return size.eachPlace ? scoresAtPlaces(g, made, part, size) : ofSamples(g, made, part, size);
}

function ofSamples(g: GraphBuilder, made: Value, part: Part, { outputs }: NetworkSize): Value {
  const [batch, ...sizes] = made.shape ?? [];
  const known = sizes.filter((one) => typeof one === "number");
  const fits = known.length === sizes.length && elementCount(known) === outputs;
  if (made.type !== "FP32" || typeof batch !== "string" || !fits)
    throw unfitOutput(made, `"${part.output}"`, `FP32 [samples, ${outputs}]`);
  if (outputs > 1) refuseShares(part);
  return sizes.length === 1 ? made : g.reshape(made, [0, outputs]);
}

/**
 * FP32 [batch, time, outputs]. Ids that the data does not have are left out; those that the file does not have are put
 * in front, with scores that make them impossible.
 */
function scoresAtPlaces(g: GraphBuilder, made: Value, part: Part, size: NetworkSize): Value {
  const { features: places, outputs, firstOfFile = 0 } = size;
  const [batch, time, width, ...more] = made.shape ?? [];
  const isAtPlaces = time !== undefined && width !== undefined && more.length === 0;
  if (made.type !== "FP32" || typeof batch !== "string" || !isAtPlaces)
    throw unfitOutput(made, `"${part.output}"`, `FP32 [samples, ${places}, vocabulary]`);
  if (typeof time === "number" && time !== places)
    throw faultySpec([
      {
        field: "architecture.output",
        description: `"${part.output}" has scores at ${time} places, found ${places} tokens; ${placesAdvice}`,
      },
    ]);
  if (typeof width !== "number")
    throw unfitOutput(made, `"${part.output}"`, `FP32 [samples, ${places}, ${outputs}]`);
  const own = outputs - firstOfFile;
  if (firstOfFile > 0 ? width !== own : width < own) throw unfitVocabulary(part, width, size);
  refuseShares(part);
  const known = typeof time === "string" ? g.reshape(made, [0, places, width]) : made;
  const said =
    width === own ? known : g.node("Slice", [known, g.ints([0]), g.ints([own]), g.ints([2])]);
  if (firstOfFile === 0) return said;
  const sizes = g.concat([g.shape(said, 0, 1), g.ints([places, firstOfFile])], 0);
  return g.concat([g.expand(g.scalar(unsaid, said), sizes), said], 2);
}

function unfitVocabulary(part: Part, width: number, size: NetworkSize): DomainError {
  const { outputs, firstOfFile } = size;
  const scores = `"${part.output}" has scores of ${width} tokens`;
  const [field, description] =
    firstOfFile === undefined
      ? [
          "architecture.output",
          `${scores}, found ${outputs} different ones in the data, wanted a vocabulary of at most ${width}`,
        ]
      : [
          "data",
          `has ${outputs - firstOfFile} ids of the file (data.ids, or data.vocabulary from data.idsFrom), but ${scores}, wanted as many`,
        ];
  return faultySpec([{ field, description }]);
}

function unfitOutput({ type, shape }: Value, what: string, wanted: string): DomainError {
  const fixed = typeof shape?.[0] === "number" ? "; export it for any number of samples" : "";
  const description = `${what} is ${type} [${shape}], wanted ${wanted} for this task${fixed}`;
  return faultySpec([
    { field: "architecture.output", description: `${description}, or head.outputs replace` },
  ]);
}

function refuseShares({ graph, output }: Part): void {
  const last = makersIn(graph).get(output);
  if (!isA(last, "Softmax")) return;
  const description = `"${output}" is made by Softmax, wanted the scores that go into it, "${last.inputs[0]}"`;
  throw faultySpec([{ field: "architecture.output", description }]);
}
