import { expect, test } from "vitest";
import { parseJson } from "./json.ts";

const bytes = 4 * 2 ** 20;

/** An object of about 4 MiB, with so many of these in an array. */
function full(unit: (at: number) => string): string {
  const units: string[] = [];
  for (let at = 0, length = 0; length < bytes - 100; at++) {
    const next = unit(at);
    units.push(next);
    length += next.length + 1;
  }
  return `{"data":[${units.join()}]}`;
}

const parse = (text: string) => parseJson(Buffer.from(text), "it").value;

test.each<[string, string, string]>([
  ["deep arrays", `{"a":${"[".repeat(2 ** 20)}${"]".repeat(2 ** 20)}}`, "128 levels"],
  ["deep objects", `${'{"a":'.repeat(2 ** 19)}1${"}".repeat(2 ** 19)}`, "128 levels"],
  ["a million objects", full(() => "{}"), "32768 objects"],
  ["a million arrays", full(() => "[]"), "1048576 arrays"],
  ["names that are all different", full((at) => `{"${at}":1}`), "32768 objects"],
  ["texts that are all different", full((at) => `"${at}"`), "262144 strings"],
  ["texts that hide behind escapes", full(() => '"\\\\\\""'), "262144 strings"],
])("%s are refused before they are read", (_, text, why) => {
  expect(() => parse(text)).toThrow(`it has more than ${why}`);
});

test.each<[string, string]>([
  ["numbers", full(() => "0.125")],
  ["rows of one number", full(() => "[1]")],
  ["texts of some length", full((at) => `"${"[{:".repeat(20)}${at}"`)],
  ["one text", `{"data":["${"[{:".repeat(2 ** 20)}"]}`],
  ["one text with escapes at its end", `{"data":["${"x".repeat(2 ** 19)}\\\\\\"","\\\\"]}`],
  ["a text of escapes", `{"data":["${"\\\\".repeat(2 ** 20)}",[[[1]]]]}`],
])("%s are read", (_, text) => {
  expect(JSON.stringify(parse(text)) === text).toBe(true);
});

test("small text may be of anything, and what is cut off is no JSON", () => {
  expect(parse(`{"a":[${"{},".repeat(40_000)}{}]}`).a).toHaveLength(40_001);
  expect(() => parse(`{"a":"${"x".repeat(2 ** 19)}`)).toThrow("failed to parse it as JSON");
});
