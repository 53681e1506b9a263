import { graphBuilder, ndarray } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../index.ts";
import type { Case } from "../oracle.fixture.ts";
import { folding } from "./fold.ts";
import { arrays, judge, size } from "./judge.fixture.ts";

const small = fc.integer({ min: 1, max: 2 });

/** One axis of the image on which at least one block fits, padded by less than a block. */
const axisOf = (dilations: fc.Arbitrary<number>) =>
  fc
    .record({
      block: size,
      stride: small,
      dilation: dilations,
      begin: fc.nat(2),
      end: fc.nat(2),
      more: fc.nat(3),
    })
    .map(({ block, stride, dilation, begin, end, more }) => {
      const [before, behind] = [begin % block, end % block];
      const image = Math.max(1, (block - 1) * dilation + 1 + more - before - behind);
      const count = Math.floor((image + before + behind - (block - 1) * dilation - 1) / stride) + 1;
      return { block, stride, dilation, before, behind, image, count };
    });

/** Of dilated blocks, onnxruntime 1.30 puts pictures together rightly, and of other images not all. */
const layouts = fc.oneof(
  fc.tuple(axisOf(small), axisOf(small)),
  fc.array(axisOf(fc.constant(1)), { minLength: 1, maxLength: 3 }),
);

/** Images whose size is a constant, or known when the graph runs. */
const folds = fc
  .tuple(layouts, small, small, fc.boolean())
  .chain(([axes, samples, channels, known]) => {
    const product = (of: (each: (typeof axes)[number]) => number) =>
      axes.reduce((sofar, each) => sofar * of(each), 1);
    const shape = [
      samples,
      channels * product(({ block }) => block),
      product(({ count }) => count),
    ];
    const image = axes.map((each) => each.image);
    const attributes = {
      strides: axes.map(({ stride }) => stride),
      dilations: axes.map(({ dilation }) => dilation),
      pads: [...axes.map(({ before }) => before), ...axes.map(({ behind }) => behind)],
    };
    const block = axes.map((each) => each.block);
    return arrays(shape).map(
      (x): Case => ({
        build: (g, [a, sizes]) =>
          g.node("Col2Im", [a, known ? g.ints(image) : sizes, g.ints(block)], attributes),
        inputs: [x, ndarray("INT64", [image.length], image)],
        engine: "FP32",
        // How many axes the image has follows from how many sizes are given.
        known: (input) => input === 1,
      }),
    );
  });

judge(folding, { Col2Im: folds });

test("a block whose size is seen only when the graph runs is refused", () => {
  const g = graphBuilder("fold");
  const x = g.input("x", "FP32", [1, 4, 4]);
  const y = g.node("Col2Im", [x, g.ints([3, 3]), g.input("block", "INT64", [2])]);
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  expect(() => gradient(g.build(), { loss: "loss", wrt: ["x"] })).toThrow(
    "block_shape is not known; make it a constant",
  );
});
