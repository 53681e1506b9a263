/**
 * The arrays of the reference interpreter: every number is a float64 whatever its declared type, so that
 * the oracle is more exact than what it judges. (64-bit integers beyond 2^53 lose their last digits.)
 */
import { DomainError } from "@amaas/errors";
import {
  arrayClass,
  type DataType,
  elementCount,
  type FixedType,
  type Tensor,
  tensor,
} from "@amaas/tensor";
import { misfit } from "./misfit.ts";

export interface NDArray {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly data: Float64Array | readonly string[];
}

/** The oracle is for small cases; a graph cannot make it fill the memory. */
const maxElements = 2 ** 26;

export function ndarray(
  type: DataType,
  shape: readonly number[],
  data: ArrayLike<number> | readonly string[],
): NDArray {
  if (data.length !== elementCount(shape))
    misfit(`${data.length} elements do not fill the shape [${shape}]`);
  return { type, shape, data: isText(data) ? data : Float64Array.from(data) };
}

function isText(data: ArrayLike<number> | readonly string[]): data is readonly string[] {
  return Array.isArray(data) && typeof data[0] === "string";
}

/** Any tensor as an array of the interpreter; one that already is comes back as it is. */
export function fromTensor({ type, shape, data }: Tensor | NDArray): NDArray {
  if (data instanceof Float64Array || isTexts(data)) return { type, shape, data };
  if (type !== "FP16") return { type, shape, data: Float64Array.from(data, Number) };
  const halves = new Float16Array(data.buffer, data.byteOffset, data.length);
  return { type, shape, data: Float64Array.from(halves) };
}

function isTexts(data: Tensor["data"] | readonly string[]): data is readonly string[] {
  return Array.isArray(data);
}

/** The numbers rounded to their declared type. */
export function toTensor({ type, shape, data }: NDArray): Tensor {
  if (!(data instanceof Float64Array)) return tensor("BYTES", shape, [...data]);
  if (type === "BYTES") return misfit("text was wanted where numbers are");
  const array = new (arrayClass(type))(data.length);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array)
    for (const [index, value] of data.entries()) array[index] = BigInt(Math.trunc(value));
  else if (type === "FP16") new Float16Array(array.buffer).set(data);
  else array.set(data);
  return { type, shape, data: array };
}

/** A tensor of a numeric type from plain numbers. */
export function tensorOf(
  type: FixedType,
  shape: readonly number[],
  values: readonly number[],
): Tensor {
  return toTensor(ndarray(type, shape, values));
}

/** The numbers of an array; refuses text. */
export function numbersOf(x: NDArray): Float64Array {
  return x.data instanceof Float64Array
    ? x.data
    : misfit(`${x.type} holds text where numbers are wanted`);
}

/** A number per element, by position. */
export function generate(
  type: DataType,
  shape: readonly number[],
  element: (index: number) => number,
): NDArray {
  const data = new Float64Array(limited(shape));
  for (let index = 0; index < data.length; index++) data[index] = element(index);
  return { type, shape, data };
}

/** The elements of `x` at the given positions, in a new shape. */
export function take(x: NDArray, shape: readonly number[], positions: ArrayLike<number>): NDArray {
  const { type, data } = x;
  if (data instanceof Float64Array)
    return generate(type, shape, (index) => data[positions[index]!]!);
  return { type, shape, data: Array.from(positions, (position) => data[position]!) };
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The positions that a strided walk over `shape` visits: transposes, broadcasts and slices in one form. */
export function stridedPositions(
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): Float64Array {
  const positions = new Float64Array(limited(shape));
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let at = 0; at < positions.length; at++) {
    positions[at] = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return positions;
}

/** `x` stretched to a shape that it broadcasts to. */
export function broadcastTo(x: NDArray, shape: readonly number[]): NDArray {
  const lead = shape.length - x.shape.length;
  const own = stridesOf(x.shape);
  const strides = shape.map((_, axis) =>
    axis < lead || x.shape[axis - lead] === 1 ? 0 : own[axis - lead]!,
  );
  return take(x, shape, stridedPositions(shape, strides));
}

/** A shape seen from one axis: how many blocks before it, its length, how many elements after it. */
export function aroundAxis(
  shape: readonly number[],
  axis: number,
): { outer: number; length: number; inner: number } {
  return {
    outer: elementCount(shape.slice(0, axis)),
    length: shape[axis] ?? 1,
    inner: elementCount(shape.slice(axis + 1)),
  };
}

function limited(shape: readonly number[]): number {
  const count = elementCount(shape);
  if (count > maxElements)
    throw new DomainError(
      "resource-exhausted",
      `shape [${shape}] is more than the ${maxElements} elements that the reference interpreter takes`,
    );
  return count;
}
