/**
 * What a model takes and gives, and the check of a request against it: every fault is named, with
 * what was found and what was wanted, before onnxruntime sees anything.
 */
import { DomainError, type Violation } from "@amaas/errors";
import type { DataType, Tensor } from "@amaas/tensor";
import type { InferenceSession } from "onnxruntime-node";
import { dataTypeOf } from "./values.ts";

/** One input or output of a model; text in a shape names a dimension that may vary, "?" one without a name. */
export interface ValueSpec {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

export type Feeds = Readonly<Record<string, Tensor>>;

/** The model's inputs or outputs; refuses a model with any that is not a tensor we carry. */
export function valueSpecs(
  kind: "input" | "output",
  metadata: readonly InferenceSession.ValueMetadata[],
): readonly ValueSpec[] {
  return metadata.map((value) => {
    const type = value.isTensor ? dataTypeOf(value.type) : undefined;
    if (!value.isTensor || type === undefined)
      throw new DomainError(
        "invalid-argument",
        `the model's ${kind} "${value.name}" is ${value.isTensor ? `of type ${value.type}` : "no tensor"}; ` +
          "wanted a tensor of numbers, booleans or text",
      );
    // onnxruntime leaves the name empty where a dimension has none.
    return { name: value.name, type, shape: value.shape.map((size) => (size === "" ? "?" : size)) };
  });
}

/** Refuses feeds that are not exactly the inputs of the model. */
export function checkFeeds(inputs: readonly ValueSpec[], feeds: Feeds): void {
  const violations: Violation[] = [];
  const fault = (field: string, description: string) => violations.push({ field, description });
  for (const input of inputs) {
    const fed = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
    if (fed === undefined) fault(input.name, `is missing; wanted ${format(input)}`);
    else if (!fits(input, fed)) fault(input.name, `is ${format(fed)}; wanted ${format(input)}`);
  }
  for (const name of Object.keys(feeds))
    if (!inputs.some((input) => input.name === name))
      fault(name, `is no input of the model; it has ${names(inputs)}`);
  refuse("input", violations);
}

/** Refuses names that the model does not put out, and tensors that cannot take what it puts out. */
export function checkFetches(
  outputs: readonly ValueSpec[],
  fetches: readonly string[] | Feeds,
): void {
  const violations: Violation[] = [];
  const fault = (field: string, description: string) => violations.push({ field, description });
  const known = new Map(outputs.map((output) => [output.name, output]));
  const wanted = isNames(fetches) ? fetches : Object.keys(fetches);
  if (wanted.length === 0) fault("fetches", `are none; the model has ${names(outputs)}`);
  for (const name of wanted) {
    const output = known.get(name);
    const place = isNames(fetches) ? undefined : fetches[name];
    if (output === undefined) fault(name, `is no output of the model; it has ${names(outputs)}`);
    else if (output.type === "BYTES" && place !== undefined)
      fault(name, "is text, which cannot be written in place");
    else if (place !== undefined && !fits(output, place))
      fault(name, `is given place as ${format(place)}; wanted ${format(output)}`);
  }
  refuse("output", violations);
}

/**
 * Dimensions of one name that differ between the feeds. onnxruntime does not compare them; some
 * operators then fail in the middle of a run, and this tells the caller why.
 */
export function unequalDimensions(
  inputs: readonly ValueSpec[],
  feeds: Feeds,
): readonly Violation[] {
  const seen = new Map<string, { input: string; size: number }>();
  const violations: Violation[] = [];
  for (const { name, shape } of inputs)
    shape.forEach((dimension, axis) => {
      const size = feeds[name]?.shape[axis];
      if (typeof dimension !== "string" || dimension === "?" || size === undefined) return;
      const first = seen.get(dimension);
      if (first === undefined) seen.set(dimension, { input: name, size });
      else if (first.size !== size)
        violations.push({
          field: name,
          description: `has ${dimension} = ${size}; wanted ${first.size} as in "${first.input}"`,
        });
    });
  return violations;
}

export function refuse(kind: "input" | "output", violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  const faults = violations.map(({ field, description }) => `${kind} "${field}" ${description}`);
  throw new DomainError("invalid-argument", faults.join("; "), { violations });
}

export function isNames(fetches: readonly string[] | Feeds): fetches is readonly string[] {
  return Array.isArray(fetches);
}

function fits({ type, shape }: ValueSpec, found: Tensor): boolean {
  if (type !== found.type) return false;
  // A model that leaves the rank open looks like one that takes a scalar: onnxruntime decides.
  if (shape.length === 0) return true;
  return (
    shape.length === found.shape.length &&
    shape.every((size, axis) => typeof size === "string" || size === found.shape[axis])
  );
}

function format({ type, shape }: { type: DataType; shape: ValueSpec["shape"] }): string {
  return `${type} [${shape.join(", ")}]`;
}

function names(values: readonly ValueSpec[]): string {
  return values.map(({ name }) => name).join(", ") || "none";
}
