/**
 * From an infer request to what the engine is fed: every input is checked against the model's
 * signature, and stays the bytes it came in.
 */
import type { ValueSpec } from "@amaas/engine";
import { isDomainError } from "@amaas/errors";
import type {
  ModelInferRequest_InferInputTensor as InputTensor,
  ModelInferRequest,
} from "@amaas/proto/inference/grpc_service";
import {
  bytesPerElement,
  type DataType,
  elementCount,
  fromRaw,
  type Tensor,
  tensor,
} from "@amaas/tensor";
import type { Batching } from "./batching.ts";
import { countContents, misplaced, readContents } from "./contents.ts";
import {
  contentsBesideRaw,
  malformedInput,
  repeatedInput,
  repeatedOutput,
  tooManyDimensions,
  tooManyElements,
  tooManyRows,
  unequalRows,
  unexpectedInput,
  unexpectedOutput,
  wrongByteSize,
  wrongContents,
  wrongDatatype,
  wrongElementCount,
  wrongInputs,
  wrongRawCount,
  wrongShape,
  zeroInText,
} from "./errors.ts";
import { classesOf, refuseSharedMemory } from "./parameters.ts";
import { wireShape } from "./shape.ts";

/** Text is decoded on the event loop, element by element. */
const mostTexts = 1_000_000;
const mostElements = 2 ** 31;
/** As many as any model has, and few enough to multiply. */
const mostDimensions = 64;

export interface Signature {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

export type Feeds = Record<string, Tensor>;

export function readFeeds(request: ModelInferRequest, { inputs }: Signature): Feeds {
  refuseSharedMemory(request);
  const model = request.modelName;
  const raw = request.rawInputContents;
  if (raw.length > 0) checkRaw(request);

  const feeds: Feeds = {};
  for (const [index, input] of request.inputs.entries()) {
    const at: Place = { model, name: input.name, field: `inputs[${index}]` };
    const spec = inputs.find(({ name }) => name === input.name);
    if (!spec) throw unexpectedInput(at);
    if (Object.hasOwn(feeds, input.name)) throw repeatedInput(at);
    feeds[input.name] = readInput(at, spec, input, raw[index]);
  }
  const found = Object.keys(feeds);
  if (found.length < inputs.length) throw wrongInputs(model, inputs.map(nameOf), found);
  return feeds;
}

/** An output that is asked for. */
export interface Requested {
  readonly name: string;
  /** How many of its largest values are wanted in its place; 0: the output itself. */
  readonly classes: number;
}

/** All outputs where none is named. */
export function requestedOutputs(
  { modelName: model, outputs: requested }: ModelInferRequest,
  { outputs }: Signature,
): Requested[] {
  if (requested.length === 0) return outputs.map(({ name }) => ({ name, classes: 0 }));
  const found = new Map<string, Requested>();
  for (const [index, { name, parameters }] of requested.entries()) {
    const at: Place = { model, name, field: `outputs[${index}]` };
    if (!outputs.some((output) => output.name === name)) throw unexpectedOutput(at);
    if (found.has(name)) throw repeatedOutput(at);
    found.set(name, { name, classes: classesOf(`${at.field}.parameters`, parameters) });
  }
  return [...found.values()];
}

/** Rows in a request: the first dimension of all inputs where it counts them, else 1. */
export function rowsOf(
  model: string,
  feeds: Feeds,
  { inputs }: Signature,
  { countsRows, mostRows }: Pick<Batching, "countsRows" | "mostRows">,
): number {
  if (!countsRows) return 1;
  let rows: number | undefined;
  for (const { name } of inputs) {
    const found = feeds[name]?.shape[0] ?? 1;
    rows ??= found;
    if (found !== rows) throw unequalRows(model, name, found, rows);
  }
  rows ??= 1;
  if (mostRows !== undefined && rows > mostRows) throw tooManyRows(model, rows, mostRows);
  return rows;
}

/** An input or output in a request, for whoever must be told about it. */
export interface Place {
  readonly model: string;
  readonly name: string;
  readonly field: string;
}

/** Raw or typed, not both; and raw for every input. */
function checkRaw({ modelName: model, inputs, rawInputContents: raw }: ModelInferRequest): void {
  for (const [index, { name, contents }] of inputs.entries())
    if (contents !== undefined) throw contentsBesideRaw({ model, name, field: `inputs[${index}]` });
  if (raw.length !== inputs.length) throw wrongRawCount(model, inputs.length, raw.length);
}

function readInput(
  at: Place,
  spec: ValueSpec,
  input: InputTensor,
  raw: Uint8Array | undefined,
): Tensor {
  if (input.datatype !== spec.type) throw wrongDatatype(at, input.datatype, spec.type);
  const shape = readShape(at, spec, input.shape);
  return raw === undefined
    ? readTyped(at, spec.type, shape, input)
    : readRaw(at, spec.type, shape, raw);
}

function readShape(at: Place, spec: ValueSpec, sent: readonly bigint[]): number[] {
  const wanted = wireShape(spec);
  // A model that leaves the number of dimensions open looks like one that takes a scalar.
  const open = wanted.length === 0;
  const fits =
    (open || sent.length === wanted.length) &&
    sent.every((size, axis) => {
      const fixed = open ? -1 : wanted[axis];
      return fixed === -1 ? size >= 0n : size === BigInt(fixed ?? -1);
    });
  if (!fits) throw wrongShape(at, sent, wanted);
  if (sent.length > mostDimensions) throw tooManyDimensions(at, sent.length, mostDimensions);

  const limit = spec.type === "BYTES" ? mostTexts : mostElements;
  const count = sent.reduce((product, size) => product * size, 1n);
  if (count > limit || sent.some((size) => size > limit)) throw tooManyElements(at, sent, limit);
  return sent.map(Number);
}

function readRaw(at: Place, type: DataType, shape: readonly number[], raw: Uint8Array): Tensor {
  if (type !== "BYTES") {
    const wanted = elementCount(shape) * bytesPerElement(type);
    if (raw.byteLength !== wanted) throw wrongByteSize(at, raw.byteLength, wanted);
  }
  return carried(
    at,
    about(at, () => fromRaw(type, shape, raw)),
  );
}

function readTyped(
  at: Place,
  type: DataType,
  shape: readonly number[],
  { contents }: InputTensor,
): Tensor {
  const wanted = elementCount(shape);
  const elsewhere = contents && misplaced(type, contents);
  if (elsewhere) throw wrongContents(at, type, elsewhere);
  const found = contents ? countContents(type, contents) : 0;
  if (found !== wanted) {
    if (type === "BYTES") throw wrongElementCount(at, found, wanted);
    const size = bytesPerElement(type);
    throw wrongByteSize(at, found * size, wanted * size);
  }
  const data = contents && about(at, () => readContents(type, contents));
  return data ? carried(at, tensor(type, shape, data)) : fromRaw(type, shape, new Uint8Array());
}

/** The tensor, unless the engine would not be given all of it. */
function carried(at: Place, read: Tensor): Tensor {
  if (read.type !== "BYTES") return read;
  const cut = (read.data as string[]).findIndex((text) => text.includes("\0"));
  if (cut !== -1) throw zeroInText(at, cut);
  return read;
}

/** What a tensor complains of is a fault of the request, in a certain input. */
function about<T>(at: Place, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isDomainError(error, "invalid-argument") ? malformedInput(at, error) : error;
  }
}

const nameOf = ({ name }: ValueSpec): string => name;
