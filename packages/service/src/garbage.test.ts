import { expect, test } from "vitest";
import { growth } from "./garbage.ts";

const mebibyte = 1024 * 1024;

test("a small heap may grow by the allowance, a large one as V8 has it", () => {
  expect(growth(192 * mebibyte, 64 * mebibyte)).toBe(300);
  expect(growth(192 * mebibyte, 20 * mebibyte)).toBe(400);
  expect(growth(192 * mebibyte, 1024 * mebibyte)).toBe(0);
});
