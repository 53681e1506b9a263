import fc from "fast-check";
import { expect, test } from "vitest";
import { sameBits } from "./in-javascript.fixture.ts";
import { KernelMemory } from "./memory.ts";
import { VectorSums } from "./vector-sums.ts";

const MOST = 13;
const value = fc.oneof(
  fc.float(),
  fc.constantFrom(0, -0, Infinity, -Infinity, 2 ** -149, -(2 ** -149), 2 ** 127),
);
/** Any lengths, and beginnings that are no multiple of what is taken at a time. */
const pairs = fc.array(fc.tuple(value, value), { maxLength: MOST });
const beginning = fc.nat(3);

const memory = new KernelMemory(1, 2 * (MOST + 3));
const sums = new VectorSums(memory);
const room = [memory.take(MOST + 3), memory.take(MOST + 3)] as const;
const inside = (place: 0 | 1, from: number, values: Float32Array) => {
  // What is beside a vector is not summed.
  room[place].fill(7);
  const vector = room[place].subarray(from, from + values.length);
  vector.set(values);
  return vector;
};

test("vectors are added in float32, and nothing beside them", () => {
  fc.assert(
    fc.property(pairs, beginning, beginning, (values, from, other) => {
      const left = Float32Array.from(values, ([each]) => each);
      const right = Float32Array.from(values, ([, each]) => each);
      const sum = inside(0, from, left);
      expect(sums.addInto(sum, inside(1, other, right))).toBe(true);
      const wanted = left.map((each, at) => each + right[at]!);
      expect(sameBits(sum, wanted)).toBe(true);
      expect(sameBits(room[1].subarray(other, other + right.length), right)).toBe(true);
      expect(room[0].filter((_, at) => at < from || at >= from + left.length)).toEqual(
        new Float32Array(MOST + 3 - left.length).fill(7),
      );
    }),
  );
});

test("squares are summed in parts, by places", () => {
  fc.assert(
    fc.property(pairs, beginning, beginning, (values, from, other) => {
      const after = Float32Array.from(values, ([each]) => each);
      const before = Float32Array.from(values, ([, each]) => each);
      const quads = after.length - (after.length % 4);
      const part = (squares: readonly number[]) => squares.reduce((sum, each) => sum + each, 0);
      const fourth = (place: number) =>
        part([...after].filter((_, at) => (at < quads ? at % 4 : 0) === place).map((x) => x * x));
      const half = (of: readonly number[], place: number) =>
        part(of.filter((_, at) => at % 2 === place).map((x) => x * x));
      const changes = [...after].map((each, at) => each - before[at]!);
      const mine = inside(0, from, after);
      expect(sums.squares(mine)).toBe(fourth(0) + fourth(1) + (fourth(2) + fourth(3)));
      expect(sums.squaresOfUpdate(mine, inside(1, other, before))).toEqual({
        weights: half([...after], 0) + half([...after], 1),
        update: half(changes, 0) + half(changes, 1),
      });
    }),
  );
});

test("what is elsewhere is left alone", () => {
  const [here, elsewhere] = [inside(0, 0, Float32Array.of(1)), Float32Array.of(2)];
  expect(sums.addInto(here, elsewhere)).toBe(false);
  expect(sums.addInto(elsewhere, here)).toBe(false);
  expect(sums.squares(elsewhere)).toBeUndefined();
  expect(sums.squaresOfUpdate(here, elsewhere)).toBeUndefined();
  expect([here[0], elsewhere[0]]).toEqual([1, 2]);
});
