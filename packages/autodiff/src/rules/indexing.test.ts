import { ndarray, numbersOf } from "@amaas/graph";
import fc from "fast-check";
import { array, type Case } from "../oracle.fixture.ts";
import { indexing } from "./indexing.ts";
import { arrays, distinct, indices, judge, positive, ranked, size } from "./judge.fixture.ts";

const gathers = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }).chain((at) =>
      fc.tuple(arrays(shape), indices(at, shape[axis]!)).map(
        ([x, index]): Case => ({
          build: (g, [data, where]) => g.gather(data!, where!, axis),
          inputs: [x, index],
        }),
      ),
    ),
  ),
);

/** One index that is known: a scalar, which takes the axis away, or a vector, which leaves it. */
const single = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc
      .tuple(arrays(shape), fc.integer({ min: -shape[axis]!, max: shape[axis]! - 1 }), fc.boolean())
      .map(
        ([x, index, scalar]): Case => ({
          build: (g, [data]) =>
            g.gather(data!, scalar ? g.scalar(index, "INT64") : g.ints([index]), axis),
          inputs: [x],
        }),
      ),
  ),
);

const elementGathers = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc
      .tuple(
        arrays(shape),
        size.chain((n) => indices(shape.with(axis, n), shape[axis]!)),
      )
      .map(
        ([x, index]): Case => ({
          build: (g, [data, where]) => g.gatherElements(data!, where!, axis),
          inputs: [x, index],
        }),
      ),
  ),
);

/** Indices along an axis, none of them twice at one place. */
const once = (shape: readonly number[], axis: number) =>
  fc.shuffledSubarray([...Array(shape[axis]).keys()], { minLength: 1 }).map((at) => {
    const small = shape.with(axis, at.length);
    const count = small.reduce((product, n) => product * n, 1);
    const inner = small.slice(axis + 1).reduce((product, n) => product * n, 1);
    const spread = Array.from({ length: count }, (_, i) => at[Math.floor(i / inner) % at.length]!);
    return ndarray("INT64", small, spread);
  });

const scatters = ranked.chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.constantFrom("none", "add", "mul", "min", "max"))
    .chain(([axis, reduction]) => {
      // Of "none", ONNX leaves repeated indices undefined.
      const some = size.chain((n) => indices(shape.with(axis, n), shape[axis]!));
      return (reduction === "none" ? once(shape, axis) : some).chain((at) => {
        const [total, count] = [shape, at.shape].map((s) => s.reduce((n, m) => n * m, 1));
        // Apart from each other, so that no small step changes which one is the largest.
        return distinct([total! + count!]).map((all): Case => {
          const values = Array.from(numbersOf(all), (n) => n / 4);
          return {
            build: (g, x) => g.node("ScatterElements", x, { axis, reduction }),
            inputs: [
              array(shape, values.slice(0, total)),
              at,
              array(at.shape, values.slice(total)),
            ],
          };
        });
      });
    }),
);

const joins = ranked.chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.array(size, { minLength: 1, maxLength: 3 }), fc.boolean())
    .chain(([axis, sizes, negative]) =>
      fc.tuple(...sizes.map((n) => arrays(shape.with(axis, n)))).map(
        (inputs): Case => ({
          build: (g, x) => g.concat(x, negative ? axis - shape.length : axis),
          inputs,
        }),
      ),
    ),
);

judge(indexing, {
  Gather: fc.oneof(gathers, single),
  GatherElements: elementGathers,
  ScatterElements: scatters,
  OneHot: fc.tuple(indices([2, 3], 4), fc.constantFrom(0, 1, 2, -1), arrays([2])).map(
    ([index, axis, values]): Case => ({
      build: (g, [at, marks]) =>
        g.oneHot(
          at!,
          g.constant({ type: "INT64", shape: [], data: BigInt64Array.of(4n) }),
          marks!,
          axis,
        ),
      inputs: [index, values],
      engine: "FP32",
    }),
  ),
  NonZero: (g, x) => g.nonZero(positive(g, x)),
  Concat: joins,
  Split: ranked.chain((shape) =>
    fc.tuple(fc.nat(shape.length - 1), size, size, fc.boolean()).chain(([axis, a, b, both]) =>
      arrays(shape.with(axis, a + b)).map(
        (x): Case => ({
          build: (g, [whole]) => {
            const [first, second] = g.split(whole!, [a, b], axis);
            return both ? g.concat([g.tanh(second!), first!], axis) : second!;
          },
          inputs: [x],
        }),
      ),
    ),
  ),
});
