/**
 * Requests put together to one run, and its outputs taken apart again.
 *
 * Every input's rows are copied once, one request after the other, into memory that the threads
 * share; every output is divided at the same rows, without a copy. Text has no memory to share and
 * is put together as arrays.
 */
import { DomainError } from "@amaas/errors";
import { arrayClass, bytesPerElement, elementCount, type Tensor, toRaw } from "@amaas/tensor";
import type { Feeds, Signature } from "./request.ts";
import type { Slabs } from "./slabs.ts";

/** Each input begins where a cache line does. */
const alignment = 64;

export interface Assembled {
  readonly feeds: Feeds;
  /** To be called when the run has ended: the memory is used again. */
  free(): void;
}

export type Outputs = Readonly<Record<string, Tensor>>;

/** The feeds of one run for all of `parts`, which differ in nothing but their first dimension. */
export function assemble(parts: readonly Feeds[], { inputs }: Signature, slabs: Slabs): Assembled {
  const stacks = inputs.map(({ name }) => stackOf(name, parts));
  const slab = slabs.take(stacks.reduce((sum, { bytes }) => sum + roundUp(bytes), 0));
  const feeds: Feeds = {};
  let at = 0;
  for (const stack of stacks) {
    feeds[stack.name] = stacked(stack, slab, at);
    at += roundUp(stack.bytes);
  }
  return { feeds, free: () => slabs.give(slab) };
}

/**
 * What each request gets of the outputs of a run that `rows` were put together for.
 *
 * @throws internal where an output has another number of rows: nobody could say whose they are.
 */
export function divide(outputs: Outputs, rows: readonly number[]): readonly Outputs[] {
  if (rows.length === 1) return [outputs];
  const total = rows.reduce((sum, count) => sum + count, 0);
  const parts = rows.map((): Record<string, Tensor> => ({}));
  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor.shape[0] !== total) throw strayRows(name, tensor.shape, total);
    let from = 0;
    for (const [index, count] of rows.entries()) {
      parts[index]![name] = rowsOf(tensor, from, from + count);
      from += count;
    }
  }
  return parts;
}

/** One input of all the requests. */
interface Stack {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  readonly shape: readonly number[];
  /** Of what goes into shared memory. */
  readonly bytes: number;
}

function stackOf(name: string, parts: readonly Feeds[]): Stack {
  const tensors = parts.map((feeds) => feeds[name]!);
  const [{ type, shape: first }] = tensors as [Tensor, ...Tensor[]];
  const shape =
    tensors.length === 1
      ? first
      : [tensors.reduce((rows, { shape: [count = 0] }) => rows + count, 0), ...first.slice(1)];
  const bytes = type === "BYTES" ? 0 : elementCount(shape) * bytesPerElement(type);
  return { name, tensors, shape, bytes };
}

function stacked({ tensors, shape }: Stack, slab: SharedArrayBuffer, at: number): Tensor {
  const [{ type }] = tensors as [Tensor, ...Tensor[]];
  if (type === "BYTES")
    return { type, shape, data: tensors.flatMap(({ data }) => data as string[]) };
  const bytes = new Uint8Array(slab);
  let end = at;
  for (const tensor of tensors) {
    const raw = toRaw(tensor);
    bytes.set(raw, end);
    end += raw.byteLength;
  }
  const data = new (arrayClass(type))(slab, at, (end - at) / bytesPerElement(type));
  return { type, shape, data };
}

function rowsOf({ type, shape, data }: Tensor, from: number, to: number): Tensor {
  const size = elementCount(shape.slice(1));
  const rows = [to - from, ...shape.slice(1)];
  const [start, end] = [from * size, to * size];
  if (Array.isArray(data)) return { type, shape: rows, data: data.slice(start, end) };
  return { type, shape: rows, data: data.subarray(start, end) };
}

const roundUp = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function strayRows(name: string, shape: readonly number[], rows: number): DomainError {
  return new DomainError(
    "internal",
    `output '${name}' has the shape [${shape}] after a run of ${rows} rows: the model does not keep rows apart`,
  );
}
