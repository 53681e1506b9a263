/** Operators that repeat, drop or move blocks of elements within their axes. */
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, numbersOf, stridedPositions, stridesOf, take } from "../ndarray.ts";
import { fallback, operator, required } from "../operator.ts";
import {
  axisOf,
  printShape,
  productOf,
  staticShape,
  unknownDimension,
  type ValueType,
} from "../shape.ts";
import { want } from "./type-classes.ts";

function tiledShape(shape: Shape | undefined, repeats: ValueType): Shape | undefined {
  const { content } = repeats;
  const rank = content?.length ?? repeats.shape?.[0];
  if (shape && typeof rank === "number" && rank !== shape.length)
    misfit(`${rank} repeats are given for ${printShape(shape)}`);
  return shape?.map((size, axis) => productOf([size, content?.[axis] ?? unknownDimension]));
}

/** The four axes of images; refuses another rank. */
function imageShape(shape: Shape | undefined): Shape {
  if (shape && shape.length !== 4)
    misfit(`${printShape(shape)} has ${shape.length} axes, 4 are wanted`);
  return shape ?? ["?", "?", "?", "?"];
}

function divided(size: Shape[number], by: number): Shape[number] {
  if (typeof size === "string") return by === 1 ? size : unknownDimension;
  return size % by === 0 ? size / by : misfit(`${size} does not divide by ${by}`);
}

function wantBlock(size: number): void {
  if (!Number.isInteger(size) || size < 1) misfit(`the block size is ${size}`);
}

function offDiagonal(x: ValueType): void {
  if (x.shape && x.shape.length < 2)
    misfit(`${printShape(x.shape)} has no matrices, two axes at least are wanted`);
}

export const rearrangements = {
  Tile: operator({
    inputs: ["input", "repeats"],
    outputs: ["output"],
    attributes: {},
    infer({ x: [{ type, shape }, repeats] }) {
      want("INT64", "repeats", repeats);
      return [{ type, shape: tiledShape(shape, repeats) }];
    },
    evaluate({ x: [x], y: [y] }) {
      const shape = staticShape(y);
      const [own, made] = [stridesOf(x.shape), stridesOf(shape)];
      const positions = generate("INT64", shape, (index) =>
        x.shape.reduce(
          (at, size, axis) => at + (Math.floor(index / made[axis]!) % size) * own[axis]!,
          0,
        ),
      );
      return [take(x, shape, numbersOf(positions))];
    },
  }),

  Trilu: operator({
    inputs: ["input", "k?"],
    outputs: ["output"],
    attributes: { upper: fallback("int", 1) },
    infer({ x: [x, k] }) {
      if (k) want("INT64", "k", k);
      offDiagonal(x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x, k], attributes: { upper } }) {
      const diagonal = k ? numbersOf(k)[0]! : 0;
      const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
      const data = numbersOf(x);
      const kept = (at: number): boolean => {
        const above = (at % columns) - (Math.floor(at / columns) % rows) - diagonal;
        return upper ? above >= 0 : above <= 0;
      };
      return [generate(x.type, x.shape, (at) => (kept(at) ? data[at]! : 0))];
    },
  }),

  DepthToSpace: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { blocksize: required("int"), mode: fallback("string", "DCR") },
    infer({ x: [{ type, shape }], attributes: { blocksize: b, mode } }) {
      wantBlock(b);
      if (mode !== "DCR" && mode !== "CRD") misfit(`there is no mode "${mode}"`);
      const [n, c, h, w] = imageShape(shape);
      return [{ type, shape: [n!, divided(c!, b * b), productOf([h!, b]), productOf([w!, b])] }];
    },
    evaluate({ x: [x], attributes: { blocksize: b, mode }, y: [y] }) {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      const depth = c / (b * b);
      // Each output pixel is (channel, row, its row in the block, column, its column in the block).
      const [block, plane] = [h * w, h * w];
      const [channel, down, across] =
        mode === "DCR"
          ? [plane, depth * b * block, depth * block]
          : [b * b * plane, b * block, block];
      const positions = stridedPositions(
        [n, depth, h, b, w, b],
        [c * plane, channel, w, down, 1, across],
      );
      return [take(x, staticShape(y), positions)];
    },
  }),

  SpaceToDepth: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { blocksize: required("int") },
    infer({ x: [{ type, shape }], attributes: { blocksize: b } }) {
      wantBlock(b);
      const [n, c, h, w] = imageShape(shape);
      return [{ type, shape: [n!, productOf([c!, b * b]), divided(h!, b), divided(w!, b)] }];
    },
    evaluate({ x: [x], attributes: { blocksize: b }, y: [y] }) {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      const positions = stridedPositions(
        [n, b, b, c, h / b, w / b],
        [c * h * w, w, 1, h * w, b * w, b],
      );
      return [take(x, staticShape(y), positions)];
    },
  }),

  ReverseSequence: operator({
    inputs: ["input", "sequence_lens"],
    outputs: ["Y"],
    attributes: { batch_axis: fallback("int", 1), time_axis: fallback("int", 0) },
    infer({ x: [x, lengths], attributes: { batch_axis, time_axis } }) {
      want("INT64", "sequence_lens", lengths);
      if (batch_axis + time_axis !== 1 || batch_axis * time_axis !== 0)
        misfit(`batch_axis ${batch_axis} and time_axis ${time_axis} are given, 0 and 1 are wanted`);
      if (x.shape) axisOf(1, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x, lengths], attributes: { batch_axis, time_axis } }) {
      const strides = stridesOf(x.shape);
      const length = numbersOf(lengths);
      const [batch, time] = [strides[batch_axis]!, strides[time_axis]!];
      const positions = generate("INT64", x.shape, (at) => {
        const step = Math.floor(at / time) % x.shape[time_axis]!;
        const end = length[Math.floor(at / batch) % x.shape[batch_axis]!]!;
        return step < end ? at + (end - 1 - 2 * step) * time : at;
      });
      return [take(x, x.shape, numbersOf(positions))];
    },
  }),
};
