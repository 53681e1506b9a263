import { evaluate, graphBuilder, type NDArray, ndarray, numbersOf } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../index.ts";
import { array, type Case } from "../oracle.fixture.ts";
import { arrays, distinct, judge, size } from "./judge.fixture.ts";
import { scatters } from "./scatter.ts";

const data = fc.array(size, { minLength: 1, maxLength: 3 });

/** Index vectors into the axes from `batch` on. */
const vectors = (shape: readonly number[], batch: number, lead: readonly number[]) =>
  fc.integer({ min: 1, max: shape.length - batch }).chain((depth) => {
    const counts = [...shape.slice(0, batch), ...lead];
    const count = counts.reduce((product, n) => product * n, 1);
    const vector = fc.tuple(
      ...shape.slice(batch, batch + depth).map((n) => fc.integer({ min: -n, max: n - 1 })),
    );
    return fc
      .array(vector, { minLength: count, maxLength: count })
      .map((all) => ndarray("INT64", [...counts, depth], all.flat()));
  });

/** The length of the index vectors has to be known, or not even the rank of the result is. */
function withDepth(given: Case, at: number): Case {
  const { shape } = given.inputs[at]!;
  const build: Case["build"] = (g, x) => {
    const sizes = [...shape.slice(0, -1).map(() => 0), shape.at(-1)!];
    return given.build(g, x.with(at, g.reshape(x[at]!, sizes)));
  };
  return { ...given, build };
}

const gathers = data.chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.array(fc.nat(3), { maxLength: 2 }))
    .chain(([batch, lead]) =>
      fc.tuple(arrays(shape), vectors(shape, batch, lead), fc.constant(batch)),
    )
    .map(([x, at, batch_dims]) =>
      withDepth(
        { build: (g, given) => g.node("GatherND", given, { batch_dims }), inputs: [x, at] },
        1,
      ),
    ),
);

function isUnique(at: NDArray, shape: readonly number[]): boolean {
  const depth = at.shape.at(-1)!;
  const wrapped = Array.from(numbersOf(at), (n, i) => (n + shape[i % depth]!) % shape[i % depth]!);
  const names = Array.from({ length: wrapped.length / depth }, (_, i) =>
    wrapped.slice(i * depth, (i + 1) * depth).join(),
  );
  return new Set(names).size === names.length;
}

const placings = data.chain((shape) =>
  fc
    .tuple(vectors(shape, 0, [2]), fc.constantFrom("none", "add", "mul", "min", "max"))
    .filter(([at, reduction]) => reduction !== "none" || isUnique(at, shape))
    .chain(([at, reduction]) => {
      const block = [2, ...shape.slice(at.shape.at(-1)!)];
      const [many, few] = [shape, block].map((s) => s.reduce((product, n) => product * n, 1));
      return distinct([many! + few!]).map((all) => {
        const values = Array.from(numbersOf(all), (n) => n / 4);
        const x = array(shape, values.slice(0, many));
        const updates = array(block, values.slice(many));
        return withDepth(
          {
            build: (g, given) => g.node("ScatterND", given, { reduction }),
            inputs: [x, at, updates],
          },
          1,
        );
      });
    }),
);

judge(scatters, { GatherND: gathers, ScatterND: placings });

/** The gradients of the sum of weighted results at the data and the updates. */
function slopes(
  reduction: string,
  values: readonly number[],
  updates: readonly number[],
): readonly (readonly number[])[] {
  const g = graphBuilder("scatter");
  const x = g.input("x", "FP64", [values.length]);
  const u = g.input("u", "FP64", [updates.length]);
  const at = g.ints(updates.map(() => 1));
  const y = g.node("ScatterElements", [x, at, u], { reduction });
  const weights = g.constant({ type: "FP64", shape: [2], data: Float64Array.of(5, 6) });
  g.output("loss", g.reduceSum(g.mul(y, weights), undefined, { keepdims: false }));
  const found = evaluate(gradient(g.build(), { loss: "loss", wrt: ["x", "u"] }), {
    x: array([values.length], values),
    u: array([updates.length], updates),
  });
  return ["x", "u"].map((name) => [...numbersOf(found[`grad/${name}`]!)]);
}

// As PyTorch's scatter_reduce (prod, amax, amin) has them.
test("shares among equals, and looks past zeros", () => {
  expect(slopes("max", [1, 3], [3, 2, 3])).toEqual([
    [5, 2],
    [2, 0, 2],
  ]);
  expect(slopes("min", [1, 3], [4, 4])).toEqual([
    [5, 6],
    [0, 0],
  ]);
  expect(slopes("mul", [1, 0], [4, 2])).toEqual([
    [5, 48],
    [0, 0],
  ]);
  expect(slopes("mul", [1, 2], [0, 3])).toEqual([
    [5, 0],
    [36, 0],
  ]);
  expect(slopes("mul", [1, 2], [0, 0])).toEqual([
    [5, 0],
    [0, 0],
  ]);
});
