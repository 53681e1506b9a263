import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chunkBytes, openSource } from "./local-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = new Uint8Array(2.5 * chunkBytes).map((_, at) => at % 251);

async function chunksOf(source: { chunks(): AsyncIterable<Uint8Array> }): Promise<Uint8Array[]> {
  return Array.fromAsync(source.chunks());
}

test.each(["memory", "file"])(
  "from %s: size and digest first, then chunks, as often as wanted",
  async (kind) => {
    const path = join(folder, "data");
    await writeFile(path, bytes);
    const source = await openSource(kind === "file" ? path : bytes);
    expect(source.size).toBe(bytes.length);
    expect(source.digest).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
    for (let round = 0; round < 2; round++) {
      const chunks = await chunksOf(source);
      for (const chunk of chunks) expect(chunk.byteLength).toBeLessThanOrEqual(chunkBytes);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    }
  },
);

test("nothing is something, too", async () => {
  const source = await openSource(new Uint8Array());
  expect(await chunksOf(source)).toEqual([]);
  expect(source.digest).toMatch(/^sha256:e3b0c442/);
});

test("what is no file is refused by name", async () => {
  await expect(openSource(join(folder, "nope"))).rejects.toThrow(`there is no file ${folder}/nope`);
  await expect(openSource(folder)).rejects.toThrow(`${folder} is not a file`);
});
