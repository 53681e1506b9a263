import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, full, judge, size } from "./judge.fixture.ts";
import { rearrangements } from "./rearrange.ts";

const ints = (values: readonly number[]) => ndarray("INT64", [values.length], values);

const tiles = full.chain((shape) =>
  fc
    .tuple(
      arrays(shape),
      fc.tuple(...shape.map(() => fc.integer({ min: 0, max: 3 }))),
      fc.boolean(),
    )
    .map(
      ([x, repeats, known]): Case =>
        known
          ? { build: (g, [a]) => g.node("Tile", [a, g.ints(repeats)]), inputs: [x] }
          : { build: (g, [a, r]) => g.node("Tile", [a, r]), inputs: [x, ints(repeats)] },
    ),
);

/** As many copies as another value has elements along an axis. */
const stretched = fc.tuple(size, size).chain(([n, m]) =>
  fc.tuple(arrays([1, n]), arrays([m, n])).map(
    ([x, like]): Case => ({
      build: (g, [a, b]) => {
        const repeats = g.concat([g.shape(b!, 0, 1), g.ints([1])], 0);
        return g.mul(g.node("Tile", [a, repeats]), b!);
      },
      inputs: [x, like],
    }),
  ),
);

const matrices = fc.tuple(size, size, size);

judge(rearrangements, {
  Tile: fc.oneof(tiles, stretched),
  Trilu: matrices.chain((shape) =>
    fc.tuple(arrays(shape), fc.integer({ min: -2, max: 2 }), fc.nat(1)).map(
      ([x, k, upper]): Case => ({
        build: (g, [a]) => g.node("Trilu", [a, g.scalar(k, "INT64")], { upper }),
        inputs: [x],
      }),
    ),
  ),
  DepthToSpace: matrices.chain(([c, h, w]) =>
    fc.tuple(arrays([2, 4 * c, h, w]), fc.constantFrom("DCR", "CRD")).map(
      ([x, mode]): Case => ({
        build: (g, [a]) => g.node("DepthToSpace", [a], { blocksize: 2, mode }),
        inputs: [x],
      }),
    ),
  ),
  SpaceToDepth: matrices.chain(([c, h, w]) =>
    arrays([2, c, 2 * h, 2 * w]).map(
      (x): Case => ({
        build: (g, [a]) => g.node("SpaceToDepth", [a], { blocksize: 2 }),
        inputs: [x],
      }),
    ),
  ),
  ReverseSequence: matrices.chain(([time, batch, n]) =>
    fc
      .tuple(
        arrays([time, batch, n]),
        fc.array(fc.nat(time), { minLength: batch, maxLength: batch }),
      )
      .map(
        ([x, lengths]): Case => ({
          build: (g, [a, l]) => g.node("ReverseSequence", [a, l]),
          inputs: [x, ints(lengths)],
        }),
      ),
  ),
});
