/**
 * Tensors as JSON arrays: read into the raw bytes that everything else works with, and written from them.
 *
 * Arrays may be flat or nested as the shape is. Numbers must be of the type: 300 is refused for UINT8 rather than wrapped
 * around. BOOL is true, false, 1 or 0; 64-bit integers may be strings of digits, and are written exactly; FP types
 * write and read NaN, Infinity and -Infinity as bare words, as Triton does.
 */
import { DomainError } from "@amaas/errors";
import {
  arrayClass,
  type DataType,
  type FixedType,
  fromRaw,
  type TensorData,
  tensor,
  toRaw,
} from "@amaas/tensor";
import { type Json, kindOf } from "./json.ts";

/** ONNX has no tensors of more dimensions in practice; what is nested deeper is an attack. */
const deepest = 64;

type Put = (value: Json, at: number) => void;

/** The little-endian bytes of the elements; `count` is what the shape asks for. */
export function readElements(
  type: DataType,
  data: readonly Json[],
  count: number,
  where: string,
): Uint8Array {
  if (type === "BYTES") {
    const texts: string[] = [];
    spread(data, count, where, (value) => {
      if (typeof value !== "string") throw unfit(value, type, where);
      texts.push(value);
    });
    return toRaw(tensor("BYTES", [count], texts));
  }
  const { array, put } = writers[type](count, where);
  spread(data, count, where, put);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

interface Writer {
  readonly array: ArrayBufferView;
  readonly put: Put;
}

const writers: { readonly [T in FixedType]: (count: number, where: string) => Writer } = {
  BOOL: (count, where) => {
    const array = new Uint8Array(count);
    return {
      array,
      put(value, at) {
        if (value === true || value === 1) array[at] = 1;
        else if (value !== false && value !== 0) throw unfit(value, "BOOL", where);
      },
    };
  },
  UINT8: whole("UINT8", 0, 0xff),
  UINT16: whole("UINT16", 0, 0xffff),
  UINT32: whole("UINT32", 0, 0xffff_ffff),
  INT8: whole("INT8", -0x80, 0x7f),
  INT16: whole("INT16", -0x8000, 0x7fff),
  INT32: whole("INT32", -0x8000_0000, 0x7fff_ffff),
  UINT64: long("UINT64", 0n, 2n ** 64n - 1n),
  INT64: long("INT64", -(2n ** 63n), 2n ** 63n - 1n),
  FP16: real("FP16", (count) => new Float16Array(count)),
  FP32: real("FP32", (count) => new Float32Array(count)),
  FP64: real("FP64", (count) => new Float64Array(count)),
};

function whole(type: FixedType, least: number, most: number) {
  return (count: number, where: string): Writer => {
    const array = new (arrayClass(type))(count) as Int32Array;
    return {
      array,
      put(value, at) {
        if (typeof value !== "number" || value < least || value > most || value % 1 !== 0)
          throw unfit(value, type, where);
        array[at] = value;
      },
    };
  };
}

const digits = /^-?\d{1,20}$/;

function long(type: "INT64" | "UINT64", least: bigint, most: bigint) {
  return (count: number, where: string): Writer => {
    const array = new (arrayClass(type))(count);
    return {
      array,
      put(value, at) {
        const fits =
          (typeof value === "number" && Number.isSafeInteger(value)) ||
          (typeof value === "string" && digits.test(value));
        if (!fits) throw unfit(value, type, where);
        const exact = BigInt(value);
        if (exact < least || exact > most) throw unfit(value, type, where);
        array[at] = exact;
      },
    };
  };
}

const notFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  "-NaN": Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-Inf": Number.NEGATIVE_INFINITY,
};

function real(
  type: FixedType,
  make: (count: number) => Float16Array | Float32Array | Float64Array,
) {
  return (count: number, where: string): Writer => {
    const array = make(count);
    return {
      array,
      put(value, at) {
        if (typeof value === "number") array[at] = value;
        else if (typeof value === "string") array[at] = realText(value, type, where);
        else throw unfit(value, type, where);
      },
    };
  };
}

/** What is not finite, and whole numbers of many digits, which the exact reading has as strings. */
function realText(text: string, type: FixedType, where: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  if (Object.hasOwn(notFinite, text)) return notFinite[text]!;
  throw unfit(text, type, where);
}

/** Every element in order, once it is known that there are neither more nor fewer than wanted. */
function spread(data: readonly Json[], count: number, where: string, put: Put): void {
  let at = 0;
  const visit = (values: readonly Json[], depth: number): void => {
    for (const value of values) {
      if (Array.isArray(value)) {
        if (depth === deepest) throw misfit(`is nested more than ${deepest} deep`, where);
        visit(value, depth + 1);
      } else {
        if (at === count) throw misfit(`has more than ${count} elements`, where);
        put(value, at++);
      }
    }
  };
  visit(data, 1);
  if (at < count) throw misfit(`has ${at} of ${count} elements`, where);
}

function misfit(what: string, where: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `Unable to parse 'data': Shape does not match true shape of 'data' field: ${where} ${what}`,
  );
}

function unfit(value: Json, type: DataType, where: string): DomainError {
  const found = typeof value === "object" ? kindOf(value) : JSON.stringify(value).slice(0, 40);
  return new DomainError(
    "invalid-argument",
    `Unable to parse 'data': found ${found} in ${where}, wanted ${type}`,
  );
}

/** The text of a JSON array of all elements. */
export function writeElements(type: DataType, shape: readonly number[], raw: Uint8Array): string {
  return textOf(type, fromRaw(type, shape, raw).data);
}

/** The same for each index of the first dimension, nested as the other ones are. */
export function writeRows(type: DataType, shape: readonly number[], raw: Uint8Array): string[] {
  const { data } = fromRaw(type, shape, raw);
  const [rows = 0, ...inner] = shape;
  const size = data.length / rows;
  return Array.from({ length: rows }, (_, row) => nested(type, data, inner, row * size));
}

function nested(
  type: DataType,
  data: TensorData,
  [length, ...inner]: readonly number[],
  at: number,
): string {
  if (length === undefined) return textOf(type, data.slice(at, at + 1)).slice(1, -1);
  if (inner.length === 0) return textOf(type, data.slice(at, at + length));
  const size = inner.reduce((product, count) => product * count, 1);
  const parts = Array.from({ length }, (_, index) => nested(type, data, inner, at + index * size));
  return `[${parts.join(",")}]`;
}

function textOf(type: DataType, data: TensorData): string {
  if (Array.isArray(data)) return JSON.stringify(data);
  if (type === "BOOL") return `[${Array.from(data as Uint8Array, (bit) => bit !== 0).join(",")}]`;
  if (type !== "FP16") return `[${data.join(",")}]`;
  const { buffer, byteOffset, length } = data;
  return `[${new Float16Array(buffer, byteOffset, length).join(",")}]`;
}
