import { evaluate, graphBuilder, ndarray, numbersOf, tensorOf } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../gradient.ts";
import { array, type Case, expectGradients } from "../oracle.fixture.ts";
import { gridSampling } from "./grid-sample.ts";
import { arrays, judge, size } from "./judge.fixture.ts";

interface Layout {
  readonly batch: number;
  readonly channels: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly mode: string;
  readonly padding_mode: string;
  readonly align_corners: number;
}

/** Between elements and beside the middle between them: a whole one, and how far behind it. */
const coordinate = fc
  .tuple(fc.integer({ min: -6, max: 8 }), fc.constantFrom(0.1, 0.2, 0.35, 0.6, 0.8, 0.9))
  .map(([whole, share]) => whole + share);

/** What a grid says of a coordinate; of an axis that is one point, anything. */
function share(u: number, size: number, aligned: boolean): number {
  if (!aligned) return (2 * u + 1) / size - 1;
  return size === 1 ? u : (2 * u) / (size - 1) - 1;
}

function layouts(axes: number, modes: readonly string[]): fc.Arbitrary<Layout> {
  const sizes = (most: number) =>
    fc.array(fc.integer({ min: 1, max: most }), { minLength: axes, maxLength: axes });
  return (
    fc
      .record({
        batch: fc.integer({ min: 1, max: 2 }),
        channels: fc.integer({ min: 1, max: 2 }),
        input: sizes(4),
        output: sizes(axes === 2 ? 3 : 2),
        mode: fc.constantFrom(...modes),
        padding_mode: fc.constantFrom("zeros", "border", "reflection"),
        align_corners: fc.constantFrom(0, 1),
      })
      // Where an axis of one element is mirrored at it, onnxruntime reads beside it, if with a weight of 0.
      .map((given) =>
        given.padding_mode === "reflection"
          ? { ...given, input: given.input.map((n) => Math.max(n, 2)) }
          : given,
      )
  );
}

function sampled(axes: number, modes: readonly string[]): fc.Arbitrary<Case> {
  return layouts(axes, modes).chain((layout) => {
    const { batch, channels, input, output, ...attributes } = layout;
    const shape = [batch, ...output, axes];
    const count = shape.reduce((product, n) => product * n, 1);
    const grids = fc.array(coordinate, { minLength: count, maxLength: count }).map((places) => {
      const shares = places.map((u, at) =>
        share(u, input[axes - 1 - (at % axes)]!, attributes.align_corners !== 0),
      );
      return array(shape, shares);
    });
    return fc.tuple(arrays([batch, channels, ...input]), grids).map(
      ([x, grid]): Case => ({
        build: (g, inputs) => g.node("GridSample", inputs, attributes),
        inputs: [x, grid],
        // How many coordinates a place has is the rank of x.
        known: (which, axis) => which === 1 && axis === axes + 1,
      }),
    );
  });
}

const affine = fc
  .record({
    axes: fc.constantFrom(2, 3),
    batch: fc.integer({ min: 1, max: 2 }),
    align_corners: fc.constantFrom(0, 1),
    fed: fc.boolean(),
  })
  .chain(({ axes, batch, fed, ...attributes }) => {
    const sizes = fc.array(size, { minLength: axes, maxLength: axes });
    return fc.tuple(arrays([batch, axes, axes + 1]), sizes).map(([theta, image]): Case => {
      const wanted = [batch, 1, ...image];
      const fixed: Case["build"] = (g, [t]) =>
        g.node("AffineGrid", [t!, g.ints(wanted)], attributes);
      return {
        build: fed ? (g, [t, s]) => g.node("AffineGrid", [t!, s!], attributes) : fixed,
        inputs: fed ? [theta, ndarray("INT64", [wanted.length], wanted)] : [theta],
        // onnxruntime counts the places in float32, whatever the type.
        engine: "FP32",
        // How many coordinates a place has is told by them.
        known: (which, axis) => which === 1 || axis > 0,
      };
    });
  });

judge(gridSampling, {
  GridSample: fc.oneof(
    { weight: 3, arbitrary: sampled(2, ["linear", "linear", "nearest", "cubic"]) },
    { weight: 1, arbitrary: sampled(3, ["linear", "linear", "nearest"]) },
  ),
  AffineGrid: affine,
});

test("samples rows and, cubically, volumes, for which onnxruntime has no kernel", () => {
  const cases = fc.oneof(sampled(1, ["linear", "nearest", "cubic"]), sampled(3, ["cubic"]));
  fc.assert(
    fc.property(cases, (given) => expectGradients(given)),
    { numRuns: 15 },
  );
});

/** Sizes that make the places exact. */
const image = { 0: [1, 2, 12, 112], 1: [1, 2, 12, 112, 1112] } as const;

/** PyTorch's answers at elements and as far outside, as slopes in the coordinate. */
test.each([
  ["zeros", 0, [0, 1, 1, 10, 100, -112, 0, 0]],
  ["zeros", 1, [0, 1, 1, 10, 100, 1000, -1112, 0]],
  ["border", 0, [0, 0, 0, 10, 100, 0, 0, 0]],
  ["border", 1, [0, 0, 0, 10, 100, 1000, 0, 0]],
  ["reflection", 0, [-10, 0, 0, 10, 100, 0, 0, -100]],
  ["reflection", 1, [-100, -10, 0, 10, 100, 1000, 0, -1000]],
] as const)("at elements: %s, align_corners %i", (padding_mode, align_corners, slopes) => {
  const x = image[align_corners];
  const g = graphBuilder("ties");
  const grid = g.input("grid", "FP64", [1, 8, 1]);
  const data = g.constant(tensorOf("FP64", [1, 1, x.length], x));
  const y = g.node("GridSample", [data, grid], { padding_mode, align_corners });
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  const derived = gradient(g.build(), { loss: "loss", wrt: ["grid"] });
  const shares = slopes.map((_, at) => share(at - 2, x.length, align_corners === 1));
  const found = evaluate(derived, { grid: array([1, 8, 1], shares) })["grad/grid"]!;
  expect([...numbersOf(found)]).toEqual(slopes.map((slope) => 2 * slope));
});

test("keeps the types of an image and a grid that differ", () => {
  const g = graphBuilder("mixed");
  const [x, grid] = [g.input("x", "FP16", [1, 1, 2, 2]), g.input("grid", "FP32", [1, 1, 1, 2])];
  g.output("loss", g.reduceSum(g.node("GridSample", [x, grid]), undefined, { keepdims: false }));
  const { outputs } = gradient(g.build(), { loss: "loss", wrt: ["x", "grid"] });
  expect(outputs.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "loss FP16",
    "grad/x FP16",
    "grad/grid FP32",
  ]);
});
