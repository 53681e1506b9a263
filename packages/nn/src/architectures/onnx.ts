/**
 * The network of an ONNX file, which training goes on from: its FP32 initializers are parameters, with the values that
 * they have there. All else stays as the file has it, in the form for inference.
 */
import { DomainError, isDomainError } from "@amaas/errors";
import type { Model, Value } from "@amaas/graph";
import { faultySpec, type OnnxSpec } from "@amaas/spec";
import { answers } from "../answers/index.ts";
import { withoutHead } from "../imported/head.ts";
import { inlined } from "../imported/inference.ts";
import { followers, inputsOf } from "../imported/inputs.ts";
import { newHead, outputsOf } from "../imported/outputs.ts";
import { type Part, partFor } from "../imported/part.ts";
import { samplesFor } from "../imported/samples.ts";
import { servedLanguageModel } from "../imported/served.ts";
import { weightsOf } from "../imported/weights.ts";
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
  const served = size.eachPlace ? servedLanguageModel(graph) : undefined;
  const input = spec.input ?? served?.text?.input;
  const output = spec.output ?? served?.output ?? graph.outputs[0]?.name ?? "";
  const whole = partFor(graph, { output, input });
  const replaces = spec.head.outputs === "replace";
  const part = replaces ? withoutHead(whole) : whole;
  const inputs = inputsOf(part, { ...spec, ...(input !== undefined && { input }) });
  const { vocabulary } = size;
  const values: Record<string, Value> = {
    [inputs.samples]: samplesFor(n.g, features, { part, input: inputs.samples, size }),
    ...followers(n.g, features, part, inputs, { places: size.features, vocabulary }),
  };

  const weights = weightsOf(part.graph, spec, isReserved);
  if (weights.length === 0 && !replaces) throw nothingToTrain();
  for (const { initializer, name, shape, init, fans } of weights)
    values[initializer] = n.parameter(name, shape, init, fans);
  const fresh = spec.initial === "fresh";
  const open = withInputs(part, new Set(weights.map(({ initializer }) => initializer)));
  const made = taking(values[inputs.samples]!, () => inlined(n.g, open, { inputs, values, fresh }));
  return replaces ? newHead(n, made, size) : outputsOf(n.g, made, part, size);
}

/** A node that cannot work on samples of this shape says so; that it is of the file, and what the shape is, is said here. */
function taking<T>({ shape = [] }: Value, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isDomainError(error) || error.violations.length > 0) throw error;
    const description = `it cannot take samples of the shape [${shape.slice(1)}]: ${error.message}`;
    throw faultySpec([{ field: "architecture.file", description }]);
  }
}

function isReserved(name: string): boolean {
  return ownNames.has(name) || ownPrefixes.some((prefix) => name.startsWith(prefix));
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

function nothingToTrain(): DomainError {
  const description = "finds no FP32 initializers in what makes the output, wanted some";
  return faultySpec([{ field: "architecture.train", description }]);
}
