/**
 * NumPy's .npy format, versions 1 to 3: little-endian numbers in C order.
 *
 * A file is read without a copy where its data is aligned. Nothing that a header claims is believed
 * before the bytes bear it out.
 */
import { DomainError } from "@amaas/errors";
import { elementCount, fromRaw, type Tensor, toRaw } from "@amaas/tensor";
import { parseNpyHeader } from "./npy-header.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const alignment = 64;
const maxHeaderBytes = 65_536;

const descriptions = {
  FP32: "<f4",
  FP64: "<f8",
  UINT8: "|u1",
  INT32: "<i4",
  INT64: "<i8",
} as const;

export type NpyType = keyof typeof descriptions;

const elementBytes = { FP32: 4, FP64: 8, UINT8: 1, INT32: 4, INT64: 8 } satisfies Record<
  NpyType,
  number
>;

/** The array that a .npy file holds. @throws DomainError invalid-argument saying what is wrong. */
export function decodeNpy(bytes: Uint8Array): Tensor<NpyType> {
  const { text, end } = headerOf(bytes);
  const { descr, fortranOrder, shape } = parseNpyHeader(text);
  const type = typeOf(descr);
  if (fortranOrder)
    throw refusal("is in Fortran order, wanted C order (numpy.ascontiguousarray makes it so)");
  const wanted = elementCount(shape) * elementBytes[type];
  const data = bytes.subarray(end);
  if (data.byteLength !== wanted)
    throw refusal(
      `has ${data.byteLength} bytes of data, wanted ${wanted} for ${descr} of shape [${shape}]`,
    );
  return fromRaw(type, shape, data);
}

/** A .npy file, version 1, of an array. */
export function encodeNpy(array: Tensor<NpyType>): Uint8Array {
  const shape = array.shape.length === 1 ? `${array.shape[0]},` : array.shape.join(", ");
  const header = `{'descr': '${descriptions[array.type]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const headerEnd = Math.ceil((magic.length + 4 + header.length + 1) / alignment) * alignment;
  const data = toRaw(array);
  const bytes = new Uint8Array(headerEnd + data.byteLength);
  bytes.set(magic);
  bytes[6] = 1;
  const headerBytes = headerEnd - magic.length - 4;
  new DataView(bytes.buffer).setUint16(8, headerBytes, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(headerBytes - 1)}\n`), magic.length + 4);
  bytes.set(data, headerEnd);
  return bytes;
}

function headerOf(bytes: Uint8Array): { readonly text: string; readonly end: number } {
  if (bytes.byteLength < 10 || magic.some((byte, index) => bytes[index] !== byte))
    throw refusal("does not begin like a .npy file");
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw refusal(`has version ${version}, wanted 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  if (bytes.byteLength < start) throw refusal("ends within its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes)
    throw refusal(`has a header of ${length} bytes, wanted at most ${maxHeaderBytes}`);
  const end = start + length;
  if (end > bytes.byteLength) throw refusal("ends within its header");
  // Types and shapes are ASCII in every version; a name of a field could be more, but is refused.
  return { text: new TextDecoder("latin1").decode(bytes.subarray(start, end)), end };
}

function typeOf(descr: string): NpyType {
  for (const [type, known] of Object.entries(descriptions))
    if (descr.slice(1) === known.slice(1) && (descr[0] === "<" || known[0] === "|"))
      return type as NpyType;
  const wanted = Object.values(descriptions).join(", ");
  throw refusal(`has elements of type ${JSON.stringify(descr)}, wanted one of ${wanted}`);
}

function refusal(found: string): DomainError {
  return new DomainError("invalid-argument", `the array file ${found}`);
}
