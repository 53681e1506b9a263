import fc from "fast-check";
import { expect, test } from "vitest";
import { ExactSquares } from "./exact-squares.ts";

const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 });
const squaresOf = (numbers: readonly number[]) => ExactSquares.of(Float32Array.from(numbers));

/** Exactly, in units of 2^-298. */
function inWholeNumbers(numbers: readonly number[]): bigint {
  return numbers.reduce((sum, number) => {
    const scaled = BigInt(Math.abs(Math.fround(number)) * 2 ** 149);
    return sum + scaled * scaled;
  }, 0n);
}

test("is the sum in whole numbers, rounded once", () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const wanted = inWholeNumbers(numbers);
      expect(squaresOf(numbers).text()).toBe(wanted.toString(16));
      expect(squaresOf(numbers).value()).toBe(Number(wanted) * 2 ** -298);
    }),
    { numRuns: 500 },
  );
  expect(squaresOf([3, -4]).value()).toBe(25);
  expect(squaresOf([]).value()).toBe(0);
});

test("order and cuts change no bit, also by way of text", () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const whole = squaresOf([...a, ...b, ...c]);
      const rest = ExactSquares.fromText(squaresOf([...b, ...a]).text());
      const parts = squaresOf(c.toReversed()).plus(rest ?? ExactSquares.none);
      expect(parts.text()).toBe(whole.text());
    }),
  );
});

test("the smallest and the largest numbers are counted", () => {
  const tiny = 2 ** -149;
  expect(squaresOf([tiny, tiny]).value()).toBe(2 * tiny * tiny);
  const huge = Math.fround(3.4e38);
  expect(squaresOf([huge]).value()).toBe(huge * huge);
});

test("what is no number, or infinite, shows, also by way of text and of others", () => {
  for (const odd of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const squares = squaresOf([1, odd]);
    expect(squares.value()).toBeNaN();
    expect(ExactSquares.fromText(squares.text())?.value()).toBeNaN();
    expect(squaresOf([1]).plus(squares).value()).toBeNaN();
  }
});

test.each(["x", "-1", "1.5", "0x1", " 1", "f".repeat(200)])("%s is not taken", (text) => {
  expect(ExactSquares.fromText(text)).toBeUndefined();
});
