import { ConfigError, readConfig } from "@amaas/config";
import { expect, test } from "vitest";
import { limitsOf, tenants } from "./tenants.ts";

const table = { tenants: tenants("AMAAS_INFERENCE_TENANTS", { describe: "who may have what" }) };
const read = (text?: string) =>
  readConfig(table, text === undefined ? {} : { AMAAS_INFERENCE_TENANTS: text }).tenants;

test("each tenant has what is said for it, the others what is said for *", () => {
  const limits = limitsOf(read('{"gold": {"weight": 4}, "*": {"concurrency": 1, "weight": 0.5}}'));
  expect(limits.weightOf("gold")).toBe(4);
  expect(limits.weightOf("anyone")).toBe(0.5);
  for (let at = 0; at < 10; at++) limits.enter("gold");
  limits.enter("anyone");
  limits.enter("someone else");
  expect(() => limits.enter("anyone")).toThrow("has 1 requests at a time already");
});

test("without the variable nobody is limited", () => {
  const limits = limitsOf(read());
  for (let at = 0; at < 1000; at++) limits.enter("anyone");
  expect(limits.weightOf("anyone")).toBe(1);
});

test.each([
  ["weight: 4", "found what is not JSON"],
  ["[]", "wanted an object by tenant"],
  ['{"a": 3}', "a is not an object"],
  ['{"a": {"wait": 3}}', "a.wait is not known, wanted weight, concurrency, perSecond"],
  ['{"a": {"weight": 0}}', "a.weight is 0, wanted a number above 0, at most a million"],
  [
    '{"a": {"concurrency": 1.5}, "b": {"perSecond": "9"}}',
    'a.concurrency is 1.5, wanted a whole number from 1; b.perSecond is "9", wanted a number above 0',
  ],
])("%s is refused", (text, fault) => {
  expect(() => read(text)).toThrow(ConfigError);
  expect(() => read(text)).toThrow(fault);
});
