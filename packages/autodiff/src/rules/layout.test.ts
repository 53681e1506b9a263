import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, broadcasting, judge, ranked, shapes, unary } from "./judge.fixture.ts";
import { layout } from "./layout.ts";

judge(layout, {
  Identity: unary((g, x) => g.identity(x)),
  Cast: unary((g, x) => g.cast(g.cast(x, "FP32"), "FP64")).map((given) => ({
    ...given,
    engine: "FP32",
  })),
  CastLike: unary((g, x) => {
    const single = g.node("CastLike", [x, g.scalar(0, "FP32")]);
    return g.node("CastLike", [single, x]);
  }).map((given) => ({ ...given, engine: "FP32" })),
  Shape: (g, x) => g.shape(x),
  Size: (g, x) => g.size(x),
  ConstantOfShape: (g, x) => g.node("ConstantOfShape", [g.shape(x)]),
  Reshape: ranked.chain((shape) =>
    arrays(shape).map(
      (x): Case => ({ build: (g, [a]) => g.reshape(a!, [1, -1, shape.at(-1)!]), inputs: [x] }),
    ),
  ),
  Flatten: shapes.chain((shape) =>
    fc
      .tuple(arrays(shape), fc.integer({ min: -shape.length, max: shape.length }))
      .map(
        ([x, axis]): Case => ({ build: (g, [a]) => g.node("Flatten", [a], { axis }), inputs: [x] }),
      ),
  ),
  Squeeze: shapes.chain((shape) =>
    arrays([1, ...shape, 1]).map(
      (x): Case => ({ build: (g, [a]) => g.squeeze(a!, [0, -1]), inputs: [x] }),
    ),
  ),
  Unsqueeze: shapes.chain((shape) =>
    arrays(shape).map((x): Case => ({ build: (g, [a]) => g.unsqueeze(a!, [0, -1]), inputs: [x] })),
  ),
  Transpose: ranked.chain((shape) =>
    fc
      .tuple(
        arrays(shape),
        fc.option(
          fc.shuffledSubarray(
            shape.map((_, i) => i),
            { minLength: shape.length },
          ),
          {
            nil: undefined,
          },
        ),
      )
      .map(([x, perm]): Case => ({ build: (g, [a]) => g.transpose(a!, perm), inputs: [x] })),
  ),
  Expand: broadcasting.chain(([small, , shape]) =>
    arrays(small).map((x): Case => ({ build: (g, [a]) => g.expand(a!, shape), inputs: [x] })),
  ),
});
