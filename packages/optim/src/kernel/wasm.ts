/**
 * As much of WebAssembly's binary format as kernels take: a module of one function, `run`, which imports its
 * memory as `kernel.memory`. (WebAssembly core specification 2.0, section 5.)
 */

/** Value types. */
export const i32 = 0x7f;
export const f64 = 0x7c;
export const v128 = 0x7b;

/** Control, and arithmetic on `i32`. */
export const op = {
  /** Blocks that leave no value. */
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  /** Back to the beginning of the innermost block, a loop. */
  repeatIf: [0x0d, 0],
  lessUnsigned: [0x49],
  add: [0x6a],
  and: [0x71],
  shiftLeft: [0x74],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** On vectors of two doubles, but for loads, stores and what says otherwise. */
export const simd = {
  load: vector(0x00),
  store: vector(0x0b),
  splat: vector(0x14),
  less: vector(0x49),
  lessOrEqual: vector(0x4b),
  bitselect: vector(0x52),
  store32Lane: vector(0x5a),
  store64Lane: vector(0x5b),
  load32Zero: vector(0x5c),
  load64Zero: vector(0x5d),
  demote: vector(0x5e),
  promote: vector(0x5f),
  abs: vector(0xec),
  negate: vector(0xed),
  sqrt: vector(0xef),
  add: vector(0xf0),
  subtract: vector(0xf1),
  multiply: vector(0xf2),
  divide: vector(0xf3),
  /** Of four floats. */
  addFloats: vector(0xe4),
  /** b < a ? b : a, and a < b ? b : a: one instruction of a processor, where `min` and `max` are seven. */
  pseudoMin: vector(0xf6),
  pseudoMax: vector(0xf7),
} as const satisfies Readonly<Record<string, readonly number[]>>;

export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
export const tee = (local: number): number[] => [0x22, ...unsigned(local)];

/** A whole number between -64 and 63, as an `i32`. */
export const constant = (value: number): number[] => [0x41, value & 0x7f];

/** A number as an `f64`, in both lanes. */
export const splat = (value: number): number[] => [
  ...[0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  ...simd.splat,
];

export interface WasmFunction {
  readonly parameters: readonly number[];
  readonly locals: readonly number[];
  readonly code: readonly number[];
}

/** The bytes of a module with this function. */
export function wasmModule({ parameters, locals, code }: WasmFunction): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...list(parameters.map((each) => [each])), ...list([])];
  const memory = [...name("kernel"), ...name("memory"), 0x02, 0x00, ...unsigned(0)];
  const body = [...list(locals.map((each) => [...unsigned(1), each])), ...code, ...op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, type),
    ...section(2, memory),
    ...section(3, unsigned(0)),
    ...section(7, [...name("run"), 0x00, ...unsigned(0)]),
    ...section(10, [...unsigned(body.length), ...body]),
  ]);
}

/** In LEB128. */
function unsigned(value: number): number[] {
  const rest = value >>> 7;
  return rest === 0 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(rest)];
}

function vector(instruction: number): readonly number[] {
  return [0xfd, ...unsigned(instruction)];
}

/** With a single entry, as all of these have. */
function section(id: number, entry: readonly number[]): number[] {
  const content = list([entry]);
  return [id, ...unsigned(content.length), ...content];
}

function list(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function name(text: string): number[] {
  return list(Array.from(new TextEncoder().encode(text), (byte) => [byte]));
}
