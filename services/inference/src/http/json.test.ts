import { expect, test } from "vitest";
import { keepsDigits, parseJson } from "./json.ts";

const parse = (text: string) => parseJson(Buffer.from(text), "the text");

test("what JSON is, is read as it is", () => {
  expect(parse('{"a":[1,"NaN",null]}').value).toEqual({ a: [1, "NaN", null] });
});

test("long whole numbers keep their digits in the exact reading, and only there", () => {
  const { value, exact } = parse(
    '{"a":[9007199254740993,-9223372036854775808,0.1234567890123456,1e20,12],"9007199254740993":"[9007199254740993]"}',
  );
  expect(value.a).toContain(9007199254740992);
  expect(exact()).toEqual({
    a: ["9007199254740993", "-9223372036854775808", 0.1234567890123456, 1e20, 12],
    "9007199254740993": "[9007199254740993]",
  });
});

test("numbers that are not finite are texts, where they stand as bare words", () => {
  expect(parse('{"a":[NaN, Infinity,-Infinity,Inf,-Inf],"b":NaN}').value).toEqual({
    a: ["NaN", "Infinity", "-Infinity", "Inf", "-Inf"],
    b: "NaN",
  });
  expect(parse('{"a":"[NaN, \\"Infinity]","b":[NaN]}').value).toEqual({
    a: '[NaN, "Infinity]',
    b: ["NaN"],
  });
});

test.each([
  ["[1]", "the text is an array; wanted a JSON object"],
  ["null", "the text is null; wanted a JSON object"],
  ['{"a":Nan}', "failed to parse the text as JSON"],
  ['{"a":xNaN}', "failed to parse the text as JSON"],
  ['{"a":1', "failed to parse the text as JSON"],
  ["", "failed to parse the text as JSON"],
])("%s is refused", (text, why) => {
  expect(() => parse(text)).toThrow(why);
});

test("text that is not UTF-8 is refused rather than mended", () => {
  const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  expect(() => parseJson(bytes, "the text")).toThrow("the text is no UTF-8 text");
});

test("text that would take long to read twice is refused, and other text of its length is read", () => {
  const many = (word: string, count = 300_000) => `{"a":[${Array(count).fill(word).join(",")}]}`;
  expect(() => parse(many("NaN"))).toThrow("send tensors as binary data");
  for (const word of ["1.5", '"or, Infinity"'])
    expect(parse(many(word, 250_000)).value.a).toHaveLength(250_000);
});

test("quotes without an end do not make the second reading slow", () => {
  // Each of them tried as a beginning would take hours.
  expect(() => parse(`{"a":NaN,"b":"${'\\"'.repeat(500_000)}`)).toThrow("failed to parse");
});

test("whether digits were lost", () => {
  expect(keepsDigits({ a: [1, 1.5, "9007199254740993", null, -(2 ** 53) + 1] })).toBe(true);
  expect(keepsDigits({ a: [[{ b: 2 ** 53 }]] })).toBe(false);
});
