import { chunkRanges, shardRange } from "@amaas/reduction";
import fc from "fast-check";
import { expect, test } from "vitest";
import { piecesOf } from "./tensor-pieces.ts";

test("all ranges together hold every element of every tensor once, in its place", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 5 }), (lengths, shards) => {
      let offset = 0;
      const parameters = lengths.map((length, i) => {
        const parameter = { name: `p${i}`, dims: [1, length], offset };
        offset += length;
        return parameter;
      });
      const prepared = { parameterCount: offset, parameters };
      const found = lengths.map((): number[] => []);
      for (let shard = 0; shard < shards; shard++) {
        const [begin, end] = shardRange(offset, shard, shards);
        for (const [from, to] of chunkRanges(end - begin)) {
          const weights = Float32Array.from({ length: to - from }, (_, i) => begin + from + i);
          const range = { weights, gradient: weights, slots: [weights] };
          const host = { prepared: prepared as never, shard, shards };
          for (const { tensor, range: piece } of piecesOf(range, from, host)) {
            expect(piece.slots[0]).toEqual(piece.weights);
            found[tensor]?.push(...piece.weights);
          }
        }
      }
      const wanted = parameters.map(({ offset: at, dims: [, length] }) =>
        Array.from({ length: length ?? 0 }, (_, i) => at + i),
      );
      expect(found).toEqual(wanted);
    }),
    { numRuns: 20 },
  );
});
