/** Operators that change type or shape and leave the elements in their order, or reorder whole axes. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import {
  broadcastTo,
  fromTensor,
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
  allAxes,
  axesOf,
  axisOf,
  broadcastShapes,
  knownNumbers,
  longestContent,
  printShape,
  productOf,
  sizeOf,
  staticShape,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { castContent, castElements, typeOfCast } from "./cast.ts";
import { reshapedShape } from "./reshape.ts";
import { want } from "./type-classes.ts";

/** The shape that an INT64 vector of sizes stands for: its elements, or unknown sizes of a known number. */
function shapeIn(sizes: ValueType): Shape | undefined {
  return sizes.content ?? unknownSizes(lengthOf(sizes));
}

/** The same where none may be left open by -1. */
function sizesIn(sizes: ValueType): Shape | undefined {
  const shape = shapeIn(sizes);
  if (shape?.some((size) => typeof size === "number" && size < 0))
    misfit(`the sizes ${printShape(shape)} are not all 0 or more`);
  return shape;
}

/** How many elements a vector has, if that is known. */
function lengthOf({ shape }: ValueType): number | undefined {
  const length = shape?.[0];
  return typeof length === "number" ? length : undefined;
}

const reshaped = (x: NDArray, y: ValueType | undefined): readonly NDArray[] => [
  { ...x, shape: staticShape(y) },
];

function squeezedShape(shape: Shape | undefined, axes: ValueType | undefined): Shape | undefined {
  if (!shape) return undefined;
  if (!axes) return shape.includes("?") ? undefined : shape.filter((dimension) => dimension !== 1);
  const known = knownNumbers(axes.content);
  if (!known) return changedRank(shape, lengthOf(axes), -1);
  const gone = axesOf(known, shape.length);
  for (const axis of gone)
    if (typeof shape[axis] === "number" && shape[axis] !== 1)
      misfit(`axis ${axis} has the size ${shape[axis]} and cannot be squeezed`);
  return shape.filter((_, axis) => !gone.includes(axis));
}

function unsqueezedShape(shape: Shape | undefined, axes: ValueType): Shape | undefined {
  if (!shape) return undefined;
  const known = knownNumbers(axes.content);
  if (!known) return changedRank(shape, lengthOf(axes), 1);
  // In rising order, so that each lands where it is counted from the front.
  const added = axesOf(known, shape.length + known.length);
  return added.reduce((sofar: Shape, axis) => sofar.toSpliced(axis, 0, 1), shape);
}

function changedRank(shape: Shape, count: number | undefined, sign: 1 | -1): Shape | undefined {
  return count === undefined ? undefined : unknownSizes(shape.length + sign * count);
}

function permutation(perm: readonly number[] | undefined, rank: number): readonly number[] {
  if (!perm) return allAxes(rank).toReversed();
  if (perm.length !== rank || axesOf(perm, rank).length !== rank)
    misfit(`perm [${perm}] does not order ${rank} axes`);
  return perm.map((axis) => axisOf(axis, rank));
}

/** A matrix: the axes before one as rows, the rest as columns. */
function flattenedShape(shape: Shape | undefined, axis: number): Shape {
  if (!shape) return ["?", "?"];
  const at = axis === shape.length ? axis : axisOf(axis, shape.length);
  return [productOf(shape.slice(0, at)), productOf(shape.slice(at))];
}

/** Sizes and axes stay known where only their shape changes. */
const contentOf = ({ content }: ValueType, shape: Shape | undefined) =>
  shape && shape.length <= 1 ? content : undefined;

/** One known element in every place of a short vector. */
function expandedContent(
  content: ValueType["content"],
  shape: Shape | undefined,
): ValueType["content"] {
  if (!content || !shape || shape.length > 1) return undefined;
  const [length = 1] = shape;
  if (content.length === length) return content;
  if (content.length !== 1 || typeof length !== "number" || length > longestContent)
    return undefined;
  return new Array<Dimension>(length).fill(content[0]!);
}

export const layout = {
  Identity: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: {},
    infer: ({ x: [x] }) => [x],
    evaluate: ({ x: [x] }) => [x],
  }),

  Cast: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { to: required("int"), saturate: fallback("int", 1) },
    infer({ x: [x], attributes: { to } }) {
      const type = typeOfCast(to);
      return [{ type, shape: x.shape, content: castContent(x.content, type) }];
    },
    evaluate: ({ x: [x], attributes: { to } }) => [castElements(x, typeOfCast(to))],
  }),

  CastLike: operator({
    inputs: ["input", "target_type"],
    outputs: ["output"],
    attributes: { saturate: fallback("int", 1) },
    infer({ x: [x, { type }] }) {
      return [{ type, shape: x.shape, content: castContent(x.content, type) }];
    },
    evaluate: ({ x: [x, like] }) => [castElements(x, like.type)],
  }),

  Shape: operator({
    inputs: ["data"],
    outputs: ["shape"],
    attributes: { start: fallback("int", 0), end: optional("int") },
    infer({ x: [x], attributes: { start, end } }) {
      const content = x.shape?.slice(start, end);
      return [{ type: "INT64", shape: [content?.length ?? "?"], content }];
    },
    evaluate({ x: [x], attributes: { start, end } }) {
      const sizes = x.shape.slice(start, end);
      return [ndarray("INT64", [sizes.length], sizes)];
    },
  }),

  Size: operator({
    inputs: ["data"],
    outputs: ["size"],
    attributes: {},
    infer({ x: [x] }) {
      return [{ type: "INT64", shape: [], content: x.shape && [productOf(x.shape)] }];
    },
    evaluate: ({ x: [x] }) => [ndarray("INT64", [], [x.data.length])],
  }),

  Reshape: operator({
    inputs: ["data", "shape"],
    outputs: ["reshaped"],
    attributes: { allowzero: fallback("int", 0) },
    infer({ x: [data, sizes], attributes: { allowzero } }) {
      want("INT64", "shape", sizes);
      const target = shapeIn(sizes);
      const shape = target && reshapedShape(data.shape, target, allowzero !== 0);
      return [{ type: data.type, shape, content: contentOf(data, shape) }];
    },
    evaluate: ({ x: [data], y: [y] }) => reshaped(data, y),
  }),

  Flatten: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: fallback("int", 1) },
    infer: ({ x: [{ type, shape }], attributes: { axis } }) => [
      { type, shape: flattenedShape(shape, axis) },
    ],
    evaluate: ({ x: [x], y: [y] }) => reshaped(x, y),
  }),

  Squeeze: operator({
    inputs: ["data", "axes?"],
    outputs: ["squeezed"],
    attributes: {},
    infer({ x: [data, axes] }) {
      if (axes) want("INT64", "axes", axes);
      const shape = squeezedShape(data.shape, axes);
      return [{ type: data.type, shape, content: contentOf(data, shape) }];
    },
    evaluate: ({ x: [data], y: [y] }) => reshaped(data, y),
  }),

  Unsqueeze: operator({
    inputs: ["data", "axes"],
    outputs: ["expanded"],
    attributes: {},
    infer({ x: [data, axes] }) {
      want("INT64", "axes", axes);
      const shape = unsqueezedShape(data.shape, axes);
      return [{ type: data.type, shape, content: contentOf(data, shape) }];
    },
    evaluate: ({ x: [data], y: [y] }) => reshaped(data, y),
  }),

  Transpose: operator({
    inputs: ["data"],
    outputs: ["transposed"],
    attributes: { perm: optional("ints") },
    infer({ x: [{ type, shape }], attributes: { perm } }) {
      return [
        { type, shape: shape && permutation(perm, shape.length).map((axis) => shape[axis]!) },
      ];
    },
    evaluate({ x: [x], attributes: { perm }, y: [y] }) {
      const own = stridesOf(x.shape);
      const strides = permutation(perm, x.shape.length).map((axis) => own[axis]!);
      return [take(x, staticShape(y), stridedPositions(staticShape(y), strides))];
    },
  }),

  Expand: operator({
    inputs: ["input", "shape"],
    outputs: ["output"],
    attributes: {},
    infer({ x: [x, sizes] }) {
      want("INT64", "shape", sizes);
      const shape = broadcastShapes(x.shape, sizesIn(sizes));
      return [{ type: x.type, shape, content: expandedContent(x.content, shape) }];
    },
    evaluate: ({ x: [x], y: [y] }) => [broadcastTo(x, staticShape(y))],
  }),

  ConstantOfShape: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { value: optional("tensor") },
    infer({ x: [sizes], attributes: { value } }) {
      want("INT64", "input", sizes);
      if (value && sizeOf(value.shape) !== 1) misfit("value must have one element");
      const [type, shape] = [value?.type ?? "FP32", sizesIn(sizes)];
      const whole = value && (type === "INT64" || type === "INT32");
      const element = whole ? [...numbersOf(fromTensor(value))] : undefined;
      return [{ type, shape, content: expandedContent(element, shape) }];
    },
    evaluate({ attributes: { value }, y: [y] }) {
      const element = value ? numbersOf(fromTensor(value))[0]! : 0;
      return [generate(value?.type ?? "FP32", staticShape(y), () => element)];
    },
  }),
};
