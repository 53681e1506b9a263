import { expect, test } from "vitest";
import { plain } from "../terminal/style.ts";
import { type Answer, quantile } from "./ask.ts";
import { choose, gallery } from "./gallery.ts";

const right = (confidence: number): Answer => ({ label: 1, right: true, confidence });
const wrong = (confidence: number): Answer => ({ label: 7, right: false, confidence });

test("the first right one, the least sure right one and the surest mistake are shown", () => {
  expect(choose([wrong(0.4), right(0.9), right(0.5), right(0.99), wrong(0.8)])).toEqual([1, 2, 4]);
});

test("three are shown even of a model that makes no mistake, or nothing else", () => {
  expect(choose([right(0.9), right(0.5), right(0.7)])).toEqual([0, 1, 2]);
  expect(choose([wrong(0.9), wrong(0.5)])).toEqual([0, 1]);
  expect(choose([])).toEqual([]);
});

test("digits are drawn side by side, without the blank around them", () => {
  /** A bar of 3 by 8 pixels in the middle. */
  const pixels = Float32Array.from({ length: 784 }, (_, at) => {
    const [row, column] = [Math.floor(at / 28), at % 28];
    return row >= 10 && row < 18 && column >= 12 && column < 15 ? 255 : 0;
  });
  const digits = { count: 3, all: 30, width: 784, pixels: () => pixels, label: () => 1 };
  const answers = [right(0.999), right(0.41), wrong(0.73)];
  expect(`\n${gallery(digits, answers, plain).join("\n")}`).toMatchInlineSnapshot(`
    "
    ███                        ███                        ███
    ███                        ███                        ███
    ███                        ███                        ███
    ███                        ███                        ███
    ✓ 1  99.9 % sure           ✓ 1  41.0 % sure           ✗ 7  73.0 % sure, is 1"
  `);
});

test("quantiles are values that were measured", () => {
  const sorted = Float64Array.from({ length: 100 }, (_, at) => at + 1);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([1, 50, 99, 100]);
  expect(quantile(Float64Array.of(7), 0.5)).toBe(7);
});
