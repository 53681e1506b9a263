/** Operators that change type or shape and leave the elements in their order, or reorder whole axes. */
import type { Shape } from "../graph.ts";
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
  sizeOf,
  staticShape,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { castElements, typeOfCast } from "./cast.ts";
import { reshapedShape } from "./reshape.ts";
import { want } from "./type-classes.ts";

/** The shape that an INT64 vector of sizes stands for: its elements, or unknown sizes of a known number. */
function shapeIn(sizes: ValueType): Shape | undefined {
  if (sizes.content) return sizes.content;
  return unknownSizes(lengthOf(sizes));
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

/** Sizes and axes stay known where only their shape changes. */
const contentOf = ({ content }: ValueType, shape: Shape | undefined) =>
  shape && shape.length <= 1 ? content : undefined;

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
      const content = type === "INT64" || type === "INT32" ? x.content : undefined;
      return [{ type, shape: x.shape, content }];
    },
    evaluate: ({ x: [x], attributes: { to } }) => [castElements(x, typeOfCast(to))],
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
      const size = sizeOf(x.shape);
      return [{ type: "INT64", shape: [], content: size === undefined ? undefined : [size] }];
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
      return [{ type: x.type, shape: broadcastShapes(x.shape, shapeIn(sizes)) }];
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
      return [{ type: value?.type ?? "FP32", shape: shapeIn(sizes) }];
    },
    evaluate({ attributes: { value }, y: [y] }) {
      const element = value ? numbersOf(fromTensor(value))[0]! : 0;
      return [generate(value?.type ?? "FP32", staticShape(y), () => element)];
    },
  }),
};
