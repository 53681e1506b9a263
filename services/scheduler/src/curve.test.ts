import { expect, test } from "vitest";
import { bytesOfFigures, Curve, figuresFromBytes } from "./curve.ts";

test("a curve grows by what is told, whether new or again, but never leaves a gap", () => {
  const curve = new Curve();
  expect(curve.merge(0, Float64Array.of(3, 2, 1))).toBe(true);
  expect(curve.merge(2, Float64Array.of(1, 0.5))).toBe(true);
  expect(curve.merge(5, Float64Array.of(9))).toBe(false);
  expect(curve.merge(0, Float64Array.of(3))).toBe(true);
  expect([...curve.slice(0)]).toEqual([3, 2, 1, 0.5]);
  curve.truncate(2);
  expect([...curve.slice(1)]).toEqual([2]);
  const many = Float64Array.from({ length: 5_000 }, (_, i) => i);
  curve.merge(2, many);
  expect(curve.length).toBe(5_002);
  expect(curve.slice(5_001)[0]).toBe(4_999);
});

test("figures survive the wire, wherever in a buffer they lie", () => {
  const losses = Float64Array.of(0.1, Number.NaN, 3);
  const message = Buffer.concat([Buffer.from([1]), bytesOfFigures(losses)]);
  expect(figuresFromBytes(message.subarray(1))).toEqual(losses);
});
