/** Col2Im: what windows hold, put back to where they lie in an image, and summed where they overlap. */
import { elementCount } from "@amaas/tensor";
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, numbersOf } from "../ndarray.ts";
import { operator, optional } from "../operator.ts";
import {
  knownNumbers,
  mergeDimensions,
  printShape,
  productOf,
  staticShape,
  unknownDimension,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { castElement } from "./cast.ts";
import { want, wantNumeric } from "./type-classes.ts";
import { staticAxes, type WindowAxis, windowAxes, windowTaps } from "./windows.ts";

interface FoldAttributes {
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
}

type Sizes = Pick<ValueType, "shape" | "content">;

/** The windows that the blocks were taken by; undefined where it is not even known how many axes the image has. */
function foldAxes(
  image: Sizes,
  block: Sizes,
  attributes: FoldAttributes,
): readonly WindowAxis[] | undefined {
  const [input, kernel] = [contentOf(image), contentOf(block)];
  const rank = input?.length ?? kernel?.length;
  if (rank === undefined) return undefined;
  const unknown = unknownSizes(rank)!;
  return windowAxes(input ?? unknown, kernel ?? unknown, { ...attributes, auto_pad: "NOTSET" });
}

function contentOf({ shape, content }: Sizes): Shape | undefined {
  const length = shape?.[0];
  return content ?? (typeof length === "number" ? unknownSizes(length) : undefined);
}

/** As many channels as there are blocks of rows. */
function channelsOf(rows: Dimension, block: readonly number[] | undefined): Dimension {
  if (!block) return unknownDimension;
  const points = elementCount(block);
  if (typeof rows !== "number") return points === 1 ? rows : unknownDimension;
  if (rows % points !== 0) misfit(`${rows} rows do not divide into blocks of ${points}`);
  return rows / points;
}

export const folding = {
  Col2Im: operator({
    inputs: ["input", "image_shape", "block_shape"],
    outputs: ["output"],
    attributes: { strides: optional("ints"), dilations: optional("ints"), pads: optional("ints") },
    infer({ x: [x, image, block], attributes }) {
      wantNumeric("input", x);
      want("INT64", "image_shape", image);
      want("INT64", "block_shape", block);
      if (x.shape && x.shape.length !== 3)
        misfit(`input is ${printShape(x.shape)}, [N, C * points of a block, blocks] is wanted`);
      const axes = foldAxes(image, block, attributes);
      const [batch, rows, blocks] = x.shape ?? unknownSizes(3)!;
      if (!axes) return [{ type: x.type, shape: undefined }];
      mergeDimensions(blocks!, productOf(axes.map((axis) => axis.output)));
      const channels = channelsOf(rows!, knownNumbers(block.content));
      return [{ type: x.type, shape: [batch!, channels, ...axes.map((axis) => axis.input)] }];
    },
    evaluate({ x: [x, image, block], attributes, y: [y] }) {
      const sizes = { shape: image.shape, content: [...numbersOf(image)] };
      const kernel = { shape: block.shape, content: [...numbersOf(block)] };
      const taps = windowTaps(staticAxes(foldAxes(sizes, kernel, attributes)!));
      const shape = staticShape(y);
      const [points, area] = [elementCount(kernel.content), elementCount(shape.slice(2))];
      const blocks = taps.length / points;
      const sums = new Float64Array(elementCount(shape));
      for (const [at, value] of numbersOf(x).entries()) {
        const row = Math.floor(at / blocks);
        const tap = taps[(at % blocks) * points + (row % points)]!;
        if (tap >= 0) sums[Math.floor(row / points) * area + tap]! += value;
      }
      return [generate(x.type, shape, (at) => castElement(sums[at]!, x.type))];
    },
  }),
};
