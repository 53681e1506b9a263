import { expect, test } from "vitest";
import { parseModelRef } from "./download.ts";

test.each([
  ["digits", { name: "digits", version: "champion" }],
  ["digits@7", { name: "digits", version: 7 }],
  ["my.model_2-b@candidate", { name: "my.model_2-b", version: "candidate" }],
])("%s", (text, ref) => {
  expect(parseModelRef(text)).toEqual(ref);
});

test.each(["", "@champion", "digits@", "../digits", "Digits@1", "a/b"])("%j is refused", (text) => {
  expect(() => parseModelRef(text)).toThrow("wanted NAME@ALIAS or NAME@VERSION");
});
