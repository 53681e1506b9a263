import { expect, test } from "vitest";
import { didYouMean, similarNames } from "./similar.ts";

const known = ["layer.0.weight", "layer.0.bias", "layer.1.weight", "logits", "x"];

test.each([
  ["layer.0.wieght", ["layer.0.weight", "layer.1.weight"]],
  ["LOGITS", ["logits"]],
  ["weight", ["layer.0.weight", "layer.1.weight"]],
  ["y", ["x"]],
  ["something else", []],
  ["", ["x"]],
])("%j may stand for %j", (name, close) => {
  expect(similarNames(name, known)).toEqual(close);
});

test("a hint names the closest, or nothing", () => {
  expect(didYouMean("layer.0.bais", known)).toBe('; did you mean "layer.0.bias"?');
  expect(didYouMean("nothing like it", known)).toBe("");
});

test("names of any length and number take bounded time", () => {
  const long = "a".repeat(1_000_000);
  const many = (function* () {
    for (;;) yield "ab";
  })();
  expect(similarNames(long, [long])).toEqual([]);
  expect(similarNames("aa", many)).toEqual(["ab", "ab", "ab"]);
});
