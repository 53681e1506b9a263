import {
  Alias,
  type ListAliasesResponse_Entry as Entry,
  ListAliasesResponse,
  Version,
} from "@amaas/proto/amaas/registry/v1/registry";
import { expect, test } from "vitest";
import { RegistrySource } from "./registry-source.ts";
import type { WantedModel } from "./source.ts";

const version = (number: number) => Version.create({ model: "digits", version: number });
const entry = (alias: string, number: number): Entry => ({
  alias: Alias.create({ model: "digits", alias, version: number }),
  version: version(number),
});

/** Of a registry where `digits` has a champion, version 4. */
function source() {
  return new RegistrySource({
    registry: {
      listAliases: async () => ListAliasesResponse.create({ entries: [entry("champion", 4)] }),
      getVersion: async ({ which }) => ({ version: version(Number(which?.value)) }),
    },
    blobs: { get: async () => new Uint8Array() },
    alias: "champion",
  });
}

const files = new Map<string, Uint8Array>();
const numbers = (models: readonly WantedModel[]) =>
  models.flatMap(({ versions }) => versions.map(({ version }) => version)).sort();

test("what was asked for by number is served beside the alias's, until it is unloaded", async () => {
  const registry = source();
  await registry.load("digits", { files, version: 2 });
  expect(numbers(await registry.read())).toEqual([2, 4]);
  await registry.unload("digits", 2);
  expect(numbers(await registry.read())).toEqual([4]);
});

test("an order that is refused changes nothing", async () => {
  const registry = source();
  await registry.load("digits", { files, version: 2 });
  await expect(registry.load("digits", { files, version: 3, alias: "nobody" })).rejects.toThrow(
    "it has no alias 'nobody'",
  );
  expect(numbers(await registry.read())).toEqual([2, 4]);
});

test("a model that is unloaded does not come back because one of its versions is unloaded, too", async () => {
  const registry = source();
  await registry.read();
  expect(await registry.unload("digits")).toBeUndefined();
  expect(await registry.unload("digits", 2)).toBeUndefined();
  expect(await registry.read()).toEqual([]);
});
