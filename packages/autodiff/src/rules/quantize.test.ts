import { ndarray, type PlainAttributes } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, judge, size } from "./judge.fixture.ts";
import { quantization } from "./quantize.ts";

const shapes = fc.array(size, { minLength: 1, maxLength: 3 });

interface Granularity {
  readonly scale: readonly number[];
  readonly attributes: PlainAttributes;
}

/** One scale for all, for each index of an axis, or for each block along it, the last of which may be cut short. */
const granularities = (shape: readonly number[]) =>
  fc.tuple(fc.nat(shape.length - 1), size, fc.boolean()).chain(([at, width, negative]) => {
    const axis = negative ? at - shape.length : at;
    const blocks = shape.with(at, Math.ceil(shape[at]! / width));
    // A vector that is one block is one scale for all, says onnxruntime.
    const inBlocks = { scale: blocks, attributes: { axis, block_size: width } };
    return fc.constantFrom<Granularity>(
      { scale: [], attributes: {} },
      { scale: [1], attributes: {} },
      { scale: [shape[at]!], attributes: { axis } },
      ...(blocks.length === 1 && blocks[0] === 1 ? [] : [inBlocks, inBlocks]),
    );
  });

const steps = shapes.chain((shape) =>
  granularities(shape).chain(({ scale, attributes }) =>
    fc
      .tuple(
        arrays(shape, fc.integer({ min: -9, max: 9 })),
        arrays(scale),
        arrays(scale, fc.integer({ min: -3, max: 3 })),
        fc.boolean(),
      )
      .map(
        ([x, scales, zeros, shifted]): Case => ({
          build: (g, [a, b, c]) =>
            g.node("DequantizeLinear", [a, b, shifted ? c : undefined], attributes),
          // It takes the scales of blocks along with it, but not the axis that they lie on.
          upright: true,
          inputs: [
            ndarray("INT8", x.shape, [...x.data].map(Number)),
            scales,
            ndarray("INT8", scale, [...zeros.data].map(Number)),
          ],
          engine: "FP32",
        }),
      ),
  ),
);

judge(quantization, {
  QuantizeLinear: (g, x) => g.node("QuantizeLinear", [x, g.scalar(0.5, x)]),
  DequantizeLinear: steps,
});
