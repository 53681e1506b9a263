/** Files that are made, or damaged, to take more memory than there is. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBlobs } from "@amaas/blobs";
import { callProcess } from "@amaas/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrepareApi } from "./prepare.process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostile-data-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fixture = (name: string) =>
  readFileSync(new URL(`../../../packages/data/fixtures/${name}`, import.meta.url));

async function prepare(file: Uint8Array, heapMiB: number) {
  const blobs = pathToFileURL(folder).href;
  const { digest } = await openBlobs(blobs).put(file);
  const spec = {
    name: "x",
    task: "classification",
    data: { format: "arrow", file: digest, label: "y", ignore: ["tags"] },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
  };
  const url = new URL("./prepare.process.ts", import.meta.url);
  const options = { name: "prepare", heapMiB };
  return callProcess<PrepareApi, "prepare">(url, options, "prepare", {
    spec,
    blobs,
    dataUrls: [],
  });
}

test("a file that claims to hold a billion columns fails its job, not the trainer", {
  timeout: 120_000,
}, async () => {
  const whole = fixture("stream.arrow");
  const damaged = Buffer.from(whole);
  // Where the schema says how many columns there are.
  damaged[COUNT] = (damaged[COUNT] ?? 0) ^ 0xa5;
  await expect(prepare(damaged, 96)).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringMatching(/is damaged, or takes more than 96 MiB of memory$/),
  });
  expect((await prepare(whole, 256)).training?.rows).toBe(24);
});

const COUNT = 48;
