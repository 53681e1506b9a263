import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { indexing } from "./indexing.ts";
import { arrays, indices, judge, positive, ranked, size } from "./judge.fixture.ts";

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

/** Reduction "none" leaves repeated indices undefined: here each is used once. */
const scatters = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) => {
    const order = fc.shuffledSubarray([...Array(shape[axis]).keys()], { minLength: 1 });
    return fc
      .tuple(order, fc.constantFrom("none" as const, "add" as const))
      .chain(([at, reduction]) => {
        const small = shape.with(axis, at.length);
        const inner = small.slice(axis + 1).reduce((product, n) => product * n, 1);
        const count = small.reduce((product, n) => product * n, 1);
        const repeated = Array.from(
          { length: count },
          (_, i) => at[Math.floor(i / inner) % at.length]!,
        );
        return fc.tuple(arrays(shape), arrays(small)).map(
          ([data, updates]): Case => ({
            build: (g, [d, where, u]) => g.scatterElements(d!, where!, u!, { axis, reduction }),
            inputs: [data, ndarray("INT64", small, repeated), updates],
          }),
        );
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
  Gather: gathers,
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
