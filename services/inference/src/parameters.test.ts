import { InferParameter } from "@amaas/proto/inference/grpc_service";
import { expect, test } from "vitest";
import { classesOf, requestOptions } from "./parameters.ts";

type Choice = NonNullable<InferParameter["parameterChoice"]>;

const int = (value: bigint): Choice => ({ $case: "int64Param", value });
const uint = (value: bigint): Choice => ({ $case: "uint64Param", value });
const bool = (value: boolean): Choice => ({ $case: "boolParam", value });
const text = (value: string): Choice => ({ $case: "stringParam", value });

function parameters(choices: Record<string, Choice>) {
  return Object.fromEntries(
    Object.entries(choices).map(([name, parameterChoice]) => [name, { parameterChoice }]),
  );
}

const options = (choices: Record<string, Choice>) =>
  requestOptions({ parameters: parameters(choices) });

test("a request without parameters asks for nothing special", () => {
  expect(options({})).toEqual({ priority: 0, timeoutUs: 0 });
});

test("priority and timeout come signed or unsigned, as clients send them", () => {
  expect(options({ priority: uint(2n), timeout: int(5_000n) })).toMatchObject({
    priority: 2,
    timeoutUs: 5_000,
  });
  expect(options({ priority: int(3n), timeout: uint(1n) })).toMatchObject({
    priority: 3,
    timeoutUs: 1,
  });
  expect(options({ priority: uint(2n ** 64n - 1n) }).priority).toBe(Number.MAX_SAFE_INTEGER);
});

test("parameters that no extension defines are the caller's own", () => {
  const own = { mine: text("x"), binary_data_output: bool(true), constructor: bool(true) };
  expect(options(own)).toEqual(options({}));
});

test("no sequence may be said in so many words", () => {
  const none = { sequence_start: bool(false), sequence_end: bool(false) };
  expect(options({ ...none, sequence_id: int(0n) })).toEqual(options({}));
  expect(options({ ...none, sequence_id: text("") })).toEqual(options({}));
});

test.each<[string, Choice, string, string]>([
  ["priority", text("1"), "invalid-argument", "expected int64_param or uint64_param."],
  ["priority", int(-1n), "invalid-argument", "expected value >= 0"],
  ["timeout", bool(true), "invalid-argument", "'timeout' parameter, expected int64_param."],
  ["timeout", int(-1n), "invalid-argument", "expected value >= 0"],
  ["sequence_id", int(7n), "unimplemented", "independent of one another"],
  ["sequence_id", text("a"), "unimplemented", "independent of one another"],
  ["sequence_start", bool(true), "unimplemented", "sequence_start"],
  ["sequence_start", int(1n), "invalid-argument", "expected bool_param."],
  ["sequence_end", bool(true), "unimplemented", "sequence_end"],
  ["triton_enable_empty_final_response", int(1n), "invalid-argument", "expected bool_param."],
  [
    "triton_anything",
    bool(true),
    "invalid-argument",
    "keys starting with 'triton_' are allowed: triton_enable_empty_final_response",
  ],
])("%s = %o is refused", (name, value, code, message) => {
  expect(() => options({ [name]: value })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test("a map whose key is a trap for objects has no effect", () => {
  const trap = InferParameter.fromPartial({ parameterChoice: bool(true) });
  const own = Object.defineProperty({}, "__proto__", { value: trap, enumerable: true });
  expect(requestOptions({ parameters: own })).toEqual(options({}));
});

test("classes are a whole number from 1", () => {
  const ask = (choice: Choice) => classesOf("outputs[0]", parameters({ classification: choice }));
  expect(classesOf("outputs[0]", {})).toBe(0);
  expect(ask(int(3n))).toBe(3);
  expect(() => ask(int(0n))).toThrow("expected >= 0");
  expect(() => ask(text("3"))).toThrow("'classification' parameter, expected int64_param");
});
