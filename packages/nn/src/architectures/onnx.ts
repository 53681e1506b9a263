/**
 * The network of an ONNX file, which training goes on from: its FP32 initializers are parameters, with the values that
 * they have there. All else stays as the file has it, in the form for inference.
 */
import { DomainError } from "@amaas/errors";
import type { GraphBuilder, Model, Value } from "@amaas/graph";
import { faultySpec, type OnnxSpec } from "@amaas/spec";
import { elementCount } from "@amaas/tensor";
import { answers } from "../answers/index.ts";
import { withoutHead } from "../imported/head.ts";
import { inlined } from "../imported/inference.ts";
import { isA, makersIn, type Part, partFor } from "../imported/part.ts";
import { samplesFor } from "../imported/samples.ts";
import { weightsOf } from "../imported/weights.ts";
import { dense } from "../layers/dense.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import type { NetworkSize } from "../network.ts";

/** Of the graphs that a network becomes part of. */
const ownNames: ReadonlySet<string> = new Set([
  ...["features", "outputs", "labels", "mask", "sums", "loss", "random/key"],
  ...Object.values(answers).flatMap(({ names }) => names),
]);
const ownPrefixes = ["head/", "grad/", "detached/"];

export function onnx(
  n: LayerBuilder,
  features: Value,
  spec: OnnxSpec,
  size: NetworkSize,
  model: Model | undefined,
): Value {
  if (!model) throw new DomainError("invalid-argument", "found no model, wanted that of the file");
  const { graph } = model;
  const [first] = graph.outputs;
  const whole = partFor(graph, spec.output ?? first?.name ?? "");
  const replaces = spec.head.outputs === "replace";
  const part = replaces ? withoutHead(whole) : whole;
  const input = inputOf(part, spec);
  const samples = samplesFor(n.g, features, { part, input, size });

  const weights = weightsOf(part.graph, spec, isReserved);
  if (weights.length === 0 && !replaces) throw nothingToTrain();
  const values: Record<string, Value> = { [input]: samples };
  for (const { initializer, name, shape, init, fans } of weights)
    values[initializer] = n.parameter(name, shape, init, fans);
  const fresh = spec.initial === "fresh";
  const open = withInputs(part, new Set(weights.map(({ initializer }) => initializer)));
  const made = inlined(n.g, open, { input, values, fresh });
  return replaces ? newHead(n, made, size) : outputsOf(n.g, made, part, size);
}

function isReserved(name: string): boolean {
  return ownNames.has(name) || ownPrefixes.some((prefix) => name.startsWith(prefix));
}

/** The one that is no weight. */
function inputOf({ graph, output }: Part, { input }: OnnxSpec): string {
  const names = graph.inputs.map(({ name }) => name);
  const found = input ?? names[0];
  if (found !== undefined && names.includes(found) && names.length === 1) return found;
  const has = names.length > 0 ? names.map((name) => `"${name}"`).join(", ") : "no input";
  const description =
    input === undefined || names.includes(input)
      ? `found ${has} that "${output}" is made of, wanted one input`
      : `found "${input}", wanted an input of the file that "${output}" is made of: ${has}`;
  throw faultySpec([{ field: "architecture.input", description }]);
}

/** With initializers turned into inputs. */
function withInputs(part: Part, names: ReadonlySet<string>): Part {
  const { inputs, initializers } = part.graph;
  const moved = [...initializers].filter(([name]) => names.has(name));
  return {
    ...part,
    graph: {
      ...part.graph,
      inputs: [...inputs, ...moved.map(([name, { type, shape }]) => ({ name, type, shape }))],
      initializers: new Map([...initializers].filter(([name]) => !names.has(name))),
    },
  };
}

function newHead(n: LayerBuilder, given: Value, { outputs }: NetworkSize): Value {
  const [batch, width, ...others] = given.shape ?? [];
  const isRow = typeof batch === "string" && typeof width === "number" && others.length === 0;
  if (given.type === "FP32" && isRow) return dense(n.at("head"), given, { width: outputs });
  throw unfitOutput(given, "what the last dense layer takes", "FP32 [samples, width]");
}

/** FP32 [batch, outputs], out of values of that number for each sample. */
function outputsOf(g: GraphBuilder, made: Value, part: Part, { outputs }: NetworkSize): Value {
  const [batch, ...sizes] = made.shape ?? [];
  const known = sizes.filter((one) => typeof one === "number");
  const fits = known.length === sizes.length && elementCount(known) === outputs;
  const last = makersIn(part.graph).get(part.output);
  if (made.type !== "FP32" || typeof batch !== "string" || !fits)
    throw unfitOutput(made, `"${part.output}"`, `FP32 [samples, ${outputs}]`);
  if (outputs > 1 && isA(last, "Softmax")) throw unfitShares(part, last.inputs[0]!);
  return sizes.length === 1 ? made : g.reshape(made, [0, outputs]);
}

function unfitOutput({ type, shape }: Value, what: string, wanted: string): DomainError {
  const fixed = typeof shape?.[0] === "number" ? "; export it for any number of samples" : "";
  const description = `${what} is ${type} [${shape}], wanted ${wanted} for this task${fixed}`;
  return faultySpec([
    { field: "architecture.output", description: `${description}, or head.outputs replace` },
  ]);
}

function unfitShares({ output }: Part, scores: string): DomainError {
  const description = `"${output}" is made by Softmax, wanted the scores that go into it, "${scores}"`;
  return faultySpec([{ field: "architecture.output", description }]);
}

function nothingToTrain(): DomainError {
  const description = "finds no FP32 initializers in what makes the output, wanted some";
  return faultySpec([{ field: "architecture.train", description }]);
}
