import { expect, test } from "vitest";
import { aliasNameFaults, modelNameFaults, requireNames } from "./names.ts";

test.each(["a", "7", "digits", "my-model_2.1", "a".repeat(64)])(
  "a model may be called %s",
  (name) => {
    expect(modelNameFaults("model", name)).toEqual([]);
  },
);

test.each([
  "",
  "-a",
  "a-",
  ".a",
  "Digits",
  "a b",
  "a/b",
  "../a",
  "a\n",
  "a\0",
  "é",
  "a".repeat(65),
])("a model may not be called %j", (name) => {
  expect(modelNameFaults("model", name)).toMatchObject([{ field: "model" }]);
  expect(() => requireNames(name)).toThrow("no model");
});

test("an alias is no number", () => {
  expect(aliasNameFaults("alias", "champion")).toEqual([]);
  expect(aliasNameFaults("alias", "3")).toEqual([
    {
      field: "alias",
      description:
        "found \"3\", wanted 1 to 64 of a-z, 0-9, '.', '_' and '-', with a letter first and a letter or digit last",
    },
  ]);
});
