/** Operators that pick, place, join and part elements by position. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import {
  aroundAxis,
  generate,
  type NDArray,
  ndarray,
  numbersOf,
  stridedPositions,
  stridesOf,
  take,
} from "../ndarray.ts";
import { fallback, operator, optional, required } from "../operator.ts";
import {
  axisOf,
  isStatic,
  knownNumbers,
  longestContent,
  mergeDimensions,
  mergeShapes,
  printShape,
  staticShape,
  unknownDimension,
  type ValueType,
} from "../shape.ts";
import { want, wantIndex, wantNumeric, wantSame } from "./type-classes.ts";

/** Where an index points, counting from the end when negative. */
export function pointed(index: number, length: number): number {
  if (index < -length || index >= length)
    misfit(`index ${index} is outside the ${length} elements of its axis`);
  return index < 0 ? index + length : index;
}

function gatheredShape(data: Shape, indices: Shape, axis: number): Shape {
  const at = axisOf(axis, data.length);
  return [...data.slice(0, at), ...indices, ...data.slice(at + 1)];
}

/** The elements of a vector of sizes that known indices point at. */
function gatheredContent(data: ValueType, indices: ValueType): readonly Dimension[] | undefined {
  const { content, shape } = data;
  const at = knownNumbers(indices.content);
  if (!content || !at || shape?.length !== 1) return undefined;
  return at.map((index) => content[pointed(index, content.length)]!);
}

function joinedShape(shapes: readonly Shape[], axis: number): Shape {
  const at = axisOf(axis, shapes[0]!.length);
  for (const shape of shapes)
    if (shape.length !== shapes[0]!.length)
      misfit(`${printShape(shapes[0])} and ${printShape(shape)} differ in rank`);
  const sizes = shapes.map((shape) => shape[at]!);
  const rest = shapes
    .map((shape): Shape => shape.with(at, 1))
    .reduce((a, b) => mergeShapes(a, b) ?? misfit("the inputs have no common shape"));
  return rest.with(at, total(sizes));
}

/** The elements of all, where at least some are known and how many the others are. */
function joinedContent(x: readonly ValueType[]): readonly Dimension[] | undefined {
  if (x.every(({ content }) => !content)) return undefined;
  let joined: readonly Dimension[] = [];
  for (const { content, shape } of x) {
    const length = shape?.length === 1 ? shape[0] : undefined;
    const many = typeof length === "number" && length <= longestContent;
    const part =
      content ?? (many ? new Array<Dimension>(length).fill(unknownDimension) : undefined);
    if (!part || joined.length > longestContent) return undefined;
    joined = [...joined, ...part];
  }
  return joined;
}

function total(sizes: readonly Dimension[]): Dimension {
  if (sizes.length === 1) return sizes[0]!;
  return sizes.reduce((sum, size) =>
    typeof sum === "number" && typeof size === "number" ? sum + size : unknownDimension,
  );
}

/** The sizes of a split's parts, as far as they are known. */
function parts(
  whole: Dimension,
  sizes: ValueType | undefined,
  count: number,
  declared: number | undefined,
): readonly Dimension[] {
  if (!sizes && declared !== count)
    misfit(`${count} outputs are named, but num_outputs is ${declared ?? "not given"}`);
  const known = sizes && knownNumbers(sizes.content);
  if (sizes && known && known.length !== count)
    misfit(`${count} outputs are named, but split gives ${known.length} sizes`);
  if (sizes) return known ? summed(known, whole) : new Array<string>(count).fill(unknownDimension);
  if (typeof whole !== "number") return new Array<string>(count).fill(unknownDimension);
  const size = Math.ceil(whole / count);
  return Array.from({ length: count }, (_, part) =>
    Math.max(0, Math.min(size, whole - part * size)),
  );
}

/** What each part of a vector of sizes holds. */
function cutContent(
  { content, shape }: ValueType,
  cut: readonly Dimension[],
): readonly (readonly Dimension[])[] | undefined {
  if (!content || shape?.length !== 1 || !isStatic(cut)) return undefined;
  let end = 0;
  return cut.map((size) => {
    end += size;
    return content.slice(end - size, end);
  });
}

function summed(sizes: readonly number[], whole: Dimension): readonly number[] {
  mergeDimensions(total([0, ...sizes]), whole);
  return sizes;
}

/** What becomes of an element when an update reaches its place. */
export const scatterReductions: Readonly<Record<string, (old: number, update: number) => number>> =
  {
    none: (_, update) => update,
    add: (old, update) => old + update,
    mul: (old, update) => old * update,
    min: Math.min,
    max: Math.max,
  };

/** For each index of GatherElements and ScatterElements: the position in `data` that it means. */
function elementPositions(data: NDArray, indices: NDArray, axis: number): Float64Array {
  const strides = stridesOf(data.shape);
  const index = numbersOf(indices);
  const base = stridedPositions(indices.shape, strides.with(axis, 0));
  return base.map(
    (position, at) => position + pointed(index[at]!, data.shape[axis]!) * strides[axis]!,
  );
}

export const indexing = {
  Gather: operator({
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { axis: fallback("int", 0) },
    infer({ x: [data, indices], attributes: { axis } }) {
      wantIndex("indices", indices);
      const shape = data.shape && indices.shape && gatheredShape(data.shape, indices.shape, axis);
      return [{ type: data.type, shape, content: gatheredContent(data, indices) }];
    },
    evaluate({ x: [data, indices], attributes: { axis }, y: [y] }) {
      const index = numbersOf(indices);
      const { length, inner } = aroundAxis(data.shape, axisOf(axis, data.shape.length));
      const shape = staticShape(y);
      const positions = generate("INT64", shape, (at) => {
        const block = Math.floor(at / inner);
        const outer = Math.floor(block / index.length);
        return (
          (outer * length + pointed(index[block % index.length]!, length)) * inner + (at % inner)
        );
      });
      return [take(data, shape, numbersOf(positions))];
    },
  }),

  GatherElements: operator({
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { axis: fallback("int", 0) },
    infer({ x: [data, indices], attributes: { axis } }) {
      wantIndex("indices", indices);
      if (data.shape) axisOf(axis, data.shape.length);
      if (data.shape && indices.shape && data.shape.length !== indices.shape.length)
        misfit(
          `data ${printShape(data.shape)} and indices ${printShape(indices.shape)} differ in rank`,
        );
      return [{ type: data.type, shape: indices.shape }];
    },
    evaluate({ x: [data, indices], attributes: { axis } }) {
      const positions = elementPositions(data, indices, axisOf(axis, data.shape.length));
      return [take(data, indices.shape, positions)];
    },
  }),

  ScatterElements: operator({
    inputs: ["data", "indices", "updates"],
    outputs: ["output"],
    attributes: { axis: fallback("int", 0), reduction: fallback("string", "none") },
    infer({ x: [data, indices, updates], attributes: { axis, reduction } }) {
      wantIndex("indices", indices);
      wantSame(data, updates);
      mergeShapes(indices.shape, updates.shape);
      if (!Object.hasOwn(scatterReductions, reduction))
        misfit(`there is no reduction "${reduction}"`);
      if (data.shape) axisOf(axis, data.shape.length);
      return [{ type: data.type, shape: data.shape }];
    },
    evaluate({ x: [data, indices, updates], attributes: { axis, reduction } }) {
      const positions = elementPositions(data, indices, axisOf(axis, data.shape.length));
      const result = Float64Array.from(numbersOf(data));
      const update = numbersOf(updates);
      for (const [at, position] of positions.entries())
        result[position] = scatterReductions[reduction]!(result[position]!, update[at]!);
      return [{ type: data.type, shape: data.shape, data: result }];
    },
  }),

  OneHot: operator({
    inputs: ["indices", "depth", "values"],
    outputs: ["output"],
    attributes: { axis: fallback("int", -1) },
    infer({ x: [indices, depth, values], attributes: { axis } }) {
      wantNumeric("indices", indices);
      wantNumeric("depth", depth);
      if (!indices.shape) return [{ type: values.type, shape: undefined }];
      const at = axisOf(axis, indices.shape.length + 1);
      const size = depth.content?.[0] ?? unknownDimension;
      return [{ type: values.type, shape: indices.shape.toSpliced(at, 0, size) }];
    },
    evaluate({ x: [indices, , values], attributes: { axis }, y: [y] }) {
      const shape = staticShape(y);
      const at = axisOf(axis, shape.length);
      const { length, inner } = aroundAxis(shape, at);
      const index = numbersOf(indices);
      const positions = generate("INT64", shape, (position) => {
        const row = Math.floor(position / inner);
        const found = index[Math.floor(row / length) * inner + (position % inner)]!;
        return (found < 0 ? found + length : found) === row % length ? 1 : 0;
      });
      return [take(values, shape, numbersOf(positions))];
    },
  }),

  NonZero: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer: ({ x: [x] }) => [
      { type: "INT64", shape: [x.shape?.length ?? unknownDimension, unknownDimension] },
    ],
    evaluate({ x: [x] }) {
      const strides = stridesOf(x.shape);
      const found = [...numbersOf(x).entries()]
        .filter(([, value]) => value !== 0)
        .map(([at]) => at);
      const rows = x.shape.map((size, axis) =>
        found.map((at) => Math.floor(at / strides[axis]!) % size),
      );
      return [ndarray("INT64", [rows.length, found.length], rows.flat())];
    },
  }),

  Concat: operator({
    inputs: ["...inputs"],
    outputs: ["concat_result"],
    attributes: { axis: required("int") },
    infer({ x, attributes: { axis } }) {
      wantSame(...x);
      const shapes = x.map((input) => input.shape).filter((shape) => shape !== undefined);
      const shape = shapes.length === x.length ? joinedShape(shapes, axis) : undefined;
      return [{ type: x[0]!.type, shape, content: joinedContent(x) }];
    },
    evaluate({ x, attributes: { axis }, y: [y] }) {
      const shape = staticShape(y);
      return [join(x, shape, axisOf(axis, shape.length))];
    },
  }),

  Split: operator({
    inputs: ["input", "split?"],
    outputs: ["...outputs"],
    attributes: { axis: fallback("int", 0), num_outputs: optional("int") },
    infer({ x: [x, split], attributes: { axis, num_outputs }, outputs }) {
      if (split) want("INT64", "split", split);
      const { type, shape } = x;
      if (!shape) return Array.from({ length: outputs }, () => ({ type, shape }));
      const at = axisOf(axis, shape.length);
      const cut = parts(shape[at]!, split, outputs, num_outputs);
      const content = cutContent(x, cut);
      return cut.map((size, part) => ({
        type,
        shape: shape.with(at, size),
        content: content?.[part],
      }));
    },
    evaluate({ x: [x], attributes: { axis }, y }) {
      const at = axisOf(axis, x.shape.length);
      const strides = stridesOf(x.shape);
      let start = 0;
      return y.map((part) => {
        const shape = staticShape(part);
        const positions = stridedPositions(shape, strides, start * strides[at]!);
        start += shape[at]!;
        return take(x, shape, positions);
      });
    },
  }),
};

function join(x: readonly NDArray[], shape: readonly number[], axis: number): NDArray {
  const { type } = x[0]!;
  const { outer } = aroundAxis(shape, axis);
  const pieces: ArrayLike<number | string>[] = [];
  for (let block = 0; block < outer; block++)
    for (const input of x) {
      const size = input.data.length / outer;
      pieces.push(input.data.slice(block * size, (block + 1) * size));
    }
  const elements = pieces.flatMap((piece) => Array.from(piece));
  if (type === "BYTES") return { type, shape, data: elements.map(String) };
  return generate(type, shape, (index) => Number(elements[index]));
}
