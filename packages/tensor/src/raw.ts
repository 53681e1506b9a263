/**
 * Raw form: the little-endian bytes of a tensor, as ONNX's raw_data, the Open Inference Protocol's
 * raw contents and our own messages carry it. Both ways are views of the same memory wherever alignment
 * allows. Where it does not, the elements are copied when they are first looked at, so a tensor that is only
 * passed on stays the bytes it was. Text is length-prefixed (4 bytes each) and always copied.
 */
import { DomainError } from "@amaas/errors";
import {
  type Arrays,
  arrayClass,
  bytesPerElement,
  type DataType,
  type FixedType,
} from "./data-type.ts";
import { elementCount, type Tensor } from "./tensor.ts";

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const lengthBytes = 4;

/** The bytes of tensors made of unaligned ones, as long as nobody has looked at their elements. */
const unread = new WeakMap<Tensor, Uint8Array>();

export interface RawOptions {
  /** Copy into a SharedArrayBuffer, so that threads may share the tensor. */
  readonly shared?: boolean;
}

export function fromRaw<T extends DataType>(
  type: T,
  shape: readonly number[],
  bytes: Uint8Array,
  options?: RawOptions,
): Tensor<T>;
export function fromRaw(
  type: DataType,
  shape: readonly number[],
  bytes: Uint8Array,
  options: RawOptions = {},
): Tensor {
  const count = elementCount(shape);
  if (type === "BYTES") return { type, shape, data: decodeText(bytes, count) };
  wantExact(type, shape, count, bytes);
  if (options.shared) return { type, shape, data: shared(type, bytes) };
  return isAligned(type, bytes)
    ? { type, shape, data: view(type, bytes) }
    : viewedLater(type, shape, bytes);
}

/** The bytes of a tensor: a view of its memory, except for text. */
export function toRaw(tensor: Tensor): Uint8Array {
  const bytes = unread.get(tensor);
  if (bytes) return bytes;
  const { data } = tensor;
  if (Array.isArray(data)) return encodeText(data);
  refuseBigEndian();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function wantExact(
  type: FixedType,
  shape: readonly number[],
  count: number,
  bytes: Uint8Array,
): void {
  refuseBigEndian();
  const wanted = count * bytesPerElement(type);
  if (bytes.byteLength !== wanted)
    throw new DomainError(
      "invalid-argument",
      `${type} tensor of shape [${shape}] takes ${wanted} bytes, but ${bytes.byteLength} were given`,
    );
  if (type === "BOOL") refuseOddBooleans(bytes);
}

function shared<T extends FixedType>(type: T, bytes: Uint8Array): Arrays[T] {
  const memory = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(memory).set(bytes);
  return new (arrayClass(type))(memory);
}

function isAligned(type: FixedType, bytes: Uint8Array): boolean {
  return bytes.byteOffset % bytesPerElement(type) === 0;
}

function view<T extends FixedType>(type: T, bytes: Uint8Array): Arrays[T] {
  const { buffer, byteOffset, byteLength } = bytes;
  return new (arrayClass(type))(buffer, byteOffset, byteLength / bytesPerElement(type));
}

/** From the first look on the elements are an array like any other, which may be written to. */
function viewedLater(type: FixedType, shape: readonly number[], bytes: Uint8Array): Tensor {
  let data: Arrays[FixedType] | undefined;
  const made: Tensor = {
    type,
    shape,
    get data() {
      if (!data) {
        data = view(type, new Uint8Array(unread.get(made)!));
        unread.delete(made);
      }
      return data;
    },
  };
  unread.set(made, bytes);
  return made;
}

function decodeText(bytes: Uint8Array, count: number): string[] {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Every element takes at least its length prefix: a lying count is found before anything is made.
  if (count * lengthBytes > bytes.byteLength) throw textMisfit(bytes, count);
  const texts: string[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + lengthBytes > bytes.byteLength) throw textMisfit(bytes, count);
    const end = at + lengthBytes + lengths.getUint32(at, true);
    if (end > bytes.byteLength) throw textMisfit(bytes, count);
    texts.push(decodeOne(bytes.subarray(at + lengthBytes, end), index));
    at = end;
  }
  if (at !== bytes.byteLength) throw textMisfit(bytes, count);
  return texts;
}

function decodeOne(bytes: Uint8Array, index: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DomainError("invalid-argument", `BYTES element ${index} is not UTF-8 text`, {
      cause,
    });
  }
}

function encodeText(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((text) => encoder.encode(text));
  const total = encoded.reduce((sum, text) => sum + lengthBytes + text.byteLength, 0);
  const bytes = new Uint8Array(total);
  const lengths = new DataView(bytes.buffer);
  let at = 0;
  for (const text of encoded) {
    lengths.setUint32(at, text.byteLength, true);
    bytes.set(text, at + lengthBytes);
    at += lengthBytes + text.byteLength;
  }
  return bytes;
}

function textMisfit(bytes: Uint8Array, count: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `${bytes.byteLength} bytes do not hold exactly ${count} length-prefixed BYTES elements`,
  );
}

function refuseOddBooleans(bytes: Uint8Array): void {
  for (const byte of bytes)
    if (byte > 1)
      throw new DomainError("invalid-argument", `a BOOL element is ${byte}; it must be 0 or 1`);
}

function refuseBigEndian(): void {
  if (!littleEndian)
    throw new DomainError("unimplemented", "raw tensors need a little-endian machine");
}
