import type { PlainAttributes } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, distinct, judge, signed, size } from "./judge.fixture.ts";
import { pools } from "./pool.ts";

const small = fc.integer({ min: 1, max: 2 });

/** One spatial axis on which at least one window fits, padded by less than a window. */
const axis = fc
  .record({
    kernel: size,
    stride: size,
    dilation: small,
    begin: fc.nat(2),
    end: fc.nat(2),
    more: fc.nat(4),
  })
  .map(({ kernel, stride, dilation, begin, end, more }) => {
    const pads = [begin % kernel, end % kernel] as const;
    const extent = (kernel - 1) * dilation + 1;
    return { kernel, stride, dilation, pads, input: extent + more };
  });

const layouts = fc.record({
  axes: fc.oneof(
    { weight: 1, arbitrary: fc.tuple(axis) },
    { weight: 4, arbitrary: fc.tuple(axis, axis) },
    { weight: 1, arbitrary: fc.tuple(axis, axis, axis) },
  ),
  planes: fc.tuple(small, small),
  ceil_mode: fc.constantFrom(0, 1),
  padding: fc.constantFrom("NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
  tiles: fc.boolean(),
});

type Layout = typeof layouts extends fc.Arbitrary<infer L> ? L : never;

const sizesOf = ({ axes, planes }: Layout) => [...planes, ...axes.map(({ input }) => input)];

function attributesOf({ axes, ceil_mode, padding }: Layout): PlainAttributes {
  return {
    ceil_mode,
    kernel_shape: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    // With auto_pad, onnxruntime 1.30 pads as if the windows were not dilated.
    dilations: axes.map(({ dilation }) => (padding.startsWith("SAME") ? 1 : dilation)),
    ...(padding === "NOTSET"
      ? { pads: [...axes.map(({ pads }) => pads[0]), ...axes.map(({ pads }) => pads[1])] }
      : { auto_pad: padding }),
  };
}

/** Windows side by side, as most networks have them. */
const tiled = (layout: Layout): Layout => ({
  ...layout,
  padding: "VALID",
  axes: layout.axes.map(({ kernel, ...rest }) => ({
    ...rest,
    kernel,
    stride: kernel,
    dilation: 1,
    input: 2 * kernel,
  })) as Layout["axes"],
});

function pooling(
  op: string,
  more: fc.Arbitrary<PlainAttributes>,
  elements: (shape: readonly number[]) => ReturnType<typeof arrays> = arrays,
): fc.Arbitrary<Case> {
  return layouts
    .map((layout) => (layout.tiles ? tiled(layout) : layout))
    .chain((layout) =>
      fc.tuple(elements(sizesOf(layout)), more).map(
        ([x, extra]): Case => ({
          build: (g, [a]) => g.node(op, [a], { ...attributesOf(layout), ...extra }),
          inputs: [x],
          engine: "FP32",
          // What auto_pad adds, and what a mean with padding is over, follows from the sizes.
          known: (_, axis) =>
            axis > 1 &&
            (layout.padding.startsWith("SAME") ||
              (layout.ceil_mode === 1 && extra.count_include_pad === 1)),
        }),
      ),
    );
}

function global(op: string, attributes: PlainAttributes = {}): fc.Arbitrary<Case> {
  return fc
    .tuple(small, small, fc.array(size, { minLength: 1, maxLength: 3 }))
    .chain(([n, c, sizes]) => distinct([n, c, ...sizes]))
    .map(
      (x): Case => ({
        build: (g, [a]) => g.node(op, [a], attributes),
        inputs: [x],
        engine: "FP32",
      }),
    );
}

const powers = fc.constantFrom(1, 2, 3).map((p) => ({ p }));

/** Values go to places of their own, in an output with some to spare. */
const unpools = fc
  .tuple(
    arrays([1, 2, 2, 2], signed),
    fc.shuffledSubarray([...Array(32).keys()], { minLength: 8, maxLength: 8 }),
    fc.boolean(),
  )
  .map(
    ([x, places, sized]): Case => ({
      build: (g, [a]) =>
        g.node(
          "MaxUnpool",
          [
            a,
            g.constant({
              type: "INT64",
              shape: [1, 2, 2, 2],
              data: BigInt64Array.from(places, BigInt),
            }),
            sized ? g.ints([1, 2, 4, 4]) : undefined,
          ],
          { kernel_shape: [2, 2], strides: [2, 2] },
        ),
      inputs: [x],
      engine: "FP32",
    }),
  );

judge(
  pools,
  {
    MaxPool: pooling("MaxPool", fc.constantFrom({}, { storage_order: 1 }), distinct),
    AveragePool: pooling(
      "AveragePool",
      fc.constantFrom(0, 1).map((count_include_pad) => ({ count_include_pad })),
    ),
    LpPool: pooling("LpPool", powers),
    GlobalMaxPool: global("GlobalMaxPool"),
    GlobalAveragePool: global("GlobalAveragePool"),
    GlobalLpPool: powers.chain((p) => global("GlobalLpPool", p)),
    MaxUnpool: unpools,
  },
  { runs: { differences: 25, engine: 6 } },
);
