import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, judge, size } from "./judge.fixture.ts";
import { linear } from "./linear.ts";

/** Now and then one that is large beside the others, for which other forms are cheaper. */
const extent = fc.oneof({ weight: 4, arbitrary: size }, { weight: 1, arbitrary: fc.constant(5) });
const matrices = fc.tuple(extent, extent, extent);

judge(linear, {
  MatMul: matrices.chain(([m, k, n]) =>
    fc
      .tuple(
        fc.constantFrom<number[]>(
          [m, k],
          [k],
          [2, m, k],
          [1, m, k],
          [2, 1, m, k],
          [0, m, k],
          [2, 3, m, k],
        ),
        fc.constantFrom<number[]>([k, n], [k], [2, k, n], [1, k, n], [1, 1, k, n], [3, k, n]),
      )
      .filter(
        ([a, b]) =>
          a.length < 3 ||
          b.length < 3 ||
          [a, b].some((shape) => shape.at(-3) === 1) ||
          b.at(-3) === a.at(-3),
      )
      // The engine broadcasts neither a matrix nor a vector to none of them.
      .filter(([a, b]) => a[0] !== 0 || b.length === 2)
      .chain(([a, b]) => fc.tuple(arrays(a), arrays(b)))
      .map(
        ([a, b]): Case => ({
          build: (g, [x, y]) => g.matMul(x!, y!),
          inputs: [a, b],
          // The engine takes the transposition of a matrix into its product with a vector, and the wrong way round.
          ...((a.shape.length === 1 || b.shape.length === 1) && { upright: true }),
        }),
      ),
  ),
  Gemm: matrices.chain(([m, k, n]) =>
    fc
      .record({
        transA: fc.constantFrom(0 as const, 1 as const),
        transB: fc.constantFrom(0 as const, 1 as const),
        alpha: fc.constantFrom(1, 0.5),
        beta: fc.constantFrom(1, -0.25),
        c: fc.constantFrom<number[] | undefined>(undefined, [], [n], [1, n], [m, 1], [m, n], [1]),
      })
      .chain(({ c, ...attributes }) =>
        fc
          .tuple(
            arrays(attributes.transA ? [k, m] : [m, k]),
            arrays(attributes.transB ? [n, k] : [k, n]),
            ...(c ? [arrays(c)] : []),
          )
          .map(
            (inputs): Case => ({
              build: (g, [a, b, bias]) => g.gemm(a!, b!, bias, attributes),
              inputs,
            }),
          ),
      ),
  ),
});
