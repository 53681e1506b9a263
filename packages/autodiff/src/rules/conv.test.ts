import { evaluate, type Graph, graphBuilder, type PlainAttributes } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../index.ts";
import { array, type Case, expectClose } from "../oracle.fixture.ts";
import { convolutions } from "./conv.ts";
import { arrays, judge, size } from "./judge.fixture.ts";

interface Axis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly [number, number];
  readonly added: number;
}

const small = fc.integer({ min: 1, max: 2 });

/** One spatial axis whose window fits. */
const axis = fc
  .record({
    kernel: size,
    stride: size,
    dilation: small,
    pads: fc.tuple(fc.nat(2), fc.nat(2)),
    more: fc.nat(4),
    added: fc.nat(2),
  })
  .map(({ more, ...rest }): Axis => {
    const extent = (rest.kernel - 1) * rest.dilation + 1;
    const input = Math.max(1, extent - rest.pads[0] - rest.pads[1] + more);
    return { ...rest, input, added: rest.added % rest.stride };
  });

const layouts = fc.record({
  axes: fc.oneof(
    { weight: 1, arbitrary: fc.tuple(axis) },
    { weight: 4, arbitrary: fc.tuple(axis, axis) },
    { weight: 1, arbitrary: fc.tuple(axis, axis, axis) },
  ),
  batch: small,
  group: small,
  inward: small,
  outward: small,
  biased: fc.boolean(),
  padding: fc.constantFrom("NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
});

type Layout = typeof layouts extends fc.Arbitrary<infer L> ? L : never;

function attributesOf({ axes, group, padding }: Layout): PlainAttributes {
  return {
    group,
    strides: axes.map(({ stride }) => stride),
    // onnxruntime takes no dilations with auto_pad.
    dilations: axes.map(({ dilation }) => (padding.startsWith("SAME") ? 1 : dilation)),
    ...(padding === "NOTSET"
      ? { pads: [...axes.map(({ pads }) => pads[0]), ...axes.map(({ pads }) => pads[1])] }
      : { auto_pad: padding }),
  };
}

/** What auto_pad adds follows from the sizes, so these are declared. */
const known =
  ({ padding }: Layout) =>
  (input: number, axis: number) =>
    padding.startsWith("SAME") && input < 2 && axis > 1;

function built(
  op: string,
  layout: Layout,
  shapes: readonly (readonly number[])[],
  attributes: PlainAttributes,
): fc.Arbitrary<Case> {
  return fc.tuple(...shapes.map((shape) => arrays(shape))).map(
    (inputs): Case => ({
      build: (g, x) => g.node(op, x, attributes),
      inputs,
      engine: "FP32",
      known: known(layout),
    }),
  );
}

const convs = layouts
  .filter(({ axes, padding }) => {
    const extents = axes.map(({ kernel, dilation }) => (kernel - 1) * dilation + 1);
    return padding !== "VALID" || axes.every(({ input }, i) => input >= extents[i]!);
  })
  .chain((layout) => {
    const { axes, batch, group, inward, outward, biased } = layout;
    const shapes = [
      [batch, inward * group, ...axes.map(({ input }) => input)],
      [outward * group, inward, ...axes.map(({ kernel }) => kernel)],
      ...(biased ? [[outward * group]] : []),
    ];
    return built("Conv", layout, shapes, attributesOf(layout));
  });

const transposes = layouts
  .map((layout) => ({
    ...layout,
    axes: layout.axes.map((given) => ({ ...given, input: Math.min(given.input, 3) })),
  }))
  .filter(({ axes, padding }) =>
    axes.every(({ input, kernel, stride, dilation, pads, added }) => {
      if (padding.startsWith("SAME")) return kernel >= stride;
      const reach = (input - 1) * stride + (kernel - 1) * dilation + 1 + added;
      return padding === "VALID" || reach > pads[0] + pads[1];
    }),
  )
  .chain((layout) => {
    const { axes, batch, group, inward, outward, biased } = layout;
    const shapes = [
      [batch, inward * group, ...axes.map(({ input }) => input)],
      [inward * group, outward, ...axes.map(({ kernel }) => kernel)],
      ...(biased ? [[outward * group]] : []),
    ];
    // With auto_pad, onnxruntime's inference of shapes and its kernel differ by the output padding.
    const output_padding = axes.map(({ added }) => (layout.padding.startsWith("SAME") ? 0 : added));
    return built("ConvTranspose", layout as Layout, shapes, {
      ...attributesOf(layout as Layout),
      output_padding,
    });
  });

judge(convolutions, { Conv: convs, ConvTranspose: transposes }, { runs: { differences: 30 } });

/**
 * Wide convolutions have forms of their own. Without known sizes there is one form for all, which was judged above: it is
 * what the others are set against.
 */
interface Wide {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: PlainAttributes;
  readonly forms: readonly [dX: string, dW: string];
}

const padded = { pads: [1, 1, 1, 1] };
const wide: readonly Wide[] = [
  { x: [1, 32, 4, 4], w: [40, 32, 3, 3], attributes: padded, forms: ["gathered", "gathered"] },
  { x: [3, 32, 4, 4], w: [32, 32, 3, 3], attributes: padded, forms: ["gathered", "gathered"] },
  {
    x: [2, 32, 7, 6],
    w: [48, 32, 3, 2],
    attributes: { pads: [1, 0, 2, 1], strides: [2, 3], dilations: [2, 1] },
    forms: ["gathered", "gathered"],
  },
  { x: [2, 16, 12, 12], w: [16, 16, 3, 3], attributes: padded, forms: ["flipped", "taps"] },
  {
    x: [3, 16, 20, 20],
    w: [17, 16, 2, 2],
    attributes: { strides: [2, 2] },
    forms: ["transposed", "taps"],
  },
  { x: [2, 4, 9, 9], w: [3, 4, 3, 3], attributes: padded, forms: ["transposed", "columns"] },
  { x: [2, 20, 5, 5], w: [9, 20, 1, 1], forms: ["flipped", "product"] },
  {
    x: [2, 20, 5, 5],
    w: [9, 20, 1, 1],
    attributes: { strides: [2, 2] },
    forms: ["transposed", "product"],
  },
  { x: [2, 6, 5, 5], w: [6, 1, 3, 3], attributes: { group: 6 }, forms: ["flipped", "shifts"] },
];

test.each(wide)(
  "$forms of $x and $w agree with the form for all sizes",
  ({ x, w, attributes, forms }) => {
    const feeds = { x: numbers(x, 1), w: numbers(w, 2) };
    const [known, unknown] = [false, true].map((symbolic) => {
      const g = graphBuilder("wide");
      const given = g.input("x", "FP64", symbolic ? x.map((_, axis) => `x${axis}`) : x);
      const kernel = g.input("w", "FP64", symbolic ? w.map((_, axis) => `w${axis}`) : w);
      const y = g.node("Conv", [given, kernel], { ...attributes, kernel_shape: w.slice(2) });
      g.output("loss", g.reduceSum(g.mul(y, y), undefined, { keepdims: false }));
      return gradient(g.build(), { loss: "loss", wrt: ["x", "w"] });
    }) as [Graph, Graph];
    expect(formsOf(known)).toEqual(forms);
    expect(formsOf(unknown)).toEqual(["transposed", "convolved"]);
    const [found, expected] = [evaluate(known, feeds), evaluate(unknown, feeds)];
    for (const name of ["grad/x", "grad/w"]) expectClose(found[name]!, expected[name]!, 1e-9);
  },
);

test("groups of no samples have a gradient of zeros", () => {
  const g = graphBuilder("empty");
  const x = g.input("x", "FP64", ["n", 4, 5]);
  const w = g.input("w", "FP64", [4, 2, 3]);
  g.output(
    "loss",
    g.reduceSum(g.node("Conv", [x, w], { group: 2 }), undefined, { keepdims: false }),
  );
  const derived = gradient(g.build(), { loss: "loss", wrt: ["x", "w"] });
  const found = evaluate(derived, { x: array([0, 4, 5], []), w: numbers([4, 2, 3], 1) });
  expectClose(found["grad/x"]!, array([0, 4, 5], []), 0);
  expectClose(found["grad/w"]!, array([4, 2, 3], new Array<number>(24).fill(0)), 0);
});

test("what auto_pad cuts off is not guessed where a size is not known", () => {
  const g = graphBuilder("unknown");
  const [x, w] = [g.input("x", "FP64", [1, 2, "n"]), g.input("w", "FP64", [2, 2, 3])];
  const y = g.node("ConvTranspose", [x, w], { auto_pad: "SAME_UPPER" });
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  for (const name of ["x", "w"])
    expect(() => gradient(g.build(), { loss: "loss", wrt: [name] })).toThrow(
      /ConvTranspose, .*auto_pad follows from the size of spatial axis 0, which is not known/,
    );
});

function numbers(shape: readonly number[], seed: number) {
  const count = shape.reduce((product, n) => product * n, 1);
  return array(
    shape,
    Array.from({ length: count }, (_, i) => Math.sin(seed + i * i)),
  );
}

/** What the nodes that do the work are named after. */
function formsOf({ nodes }: Graph): readonly (string | undefined)[] {
  return ["dX", "dW"].map((what) =>
    nodes.map(({ name }) => new RegExp(`/${what}:(\\w+)`).exec(name)?.[1]).find((form) => form),
  );
}
