/** Blobs over real sockets: whole, in parts, interrupted, hostile. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "./registry-server.ts";

const mebibyte = 2 ** 20;
let folder: string;
let server: RegistryServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-blobs-"));
  server = await startRegistryServer({
    folder,
    env: { AMAAS_MAX_BLOB_BYTES: String(40 * mebibyte) },
  });
});

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function* inChunks(bytes: Uint8Array, size = mebibyte, expectedDigest = "") {
  for (let at = 0; at < bytes.length; at += size)
    yield { chunk: bytes.subarray(at, at + size), expectedDigest: at === 0 ? expectedDigest : "" };
}

async function download(digest: string, offset = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of server.blobs.downloadBlob({ digest, offset })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const files = async () =>
  (await readdir(join(folder, "blobs"), { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
const isNamed = (name: string) => /^[0-9a-f]{60,64}$/.test(name);

/** Files that are no blobs: what is being written. */
const drafts = async () => (await files()).filter(({ name }) => !isNamed(name));

async function fileOf(digest: string): Promise<string> {
  const entry = (await files()).find(({ name }) => isNamed(name) && digest.endsWith(name));
  if (!entry) throw new Error(`no file of ${digest}`);
  return join(entry.parentPath, entry.name);
}

test("what goes up comes down, whole or from an offset", async () => {
  const bytes = randomBytes(5 * mebibyte + 321);
  const digest = digestOf(bytes);
  expect(await server.blobs.statBlob({ digest })).toEqual({ exists: false, bytes: 0 });
  const answer = await server.blobs.uploadBlob(inChunks(bytes, mebibyte, digest));
  expect(answer).toEqual({ digest, bytes: bytes.length });
  expect(await server.blobs.statBlob({ digest })).toEqual({ exists: true, bytes: bytes.length });
  expect((await download(digest)).equals(bytes)).toBe(true);
  expect((await download(digest, 3_000_001)).equals(bytes.subarray(3_000_001))).toBe(true);
  expect(await download(digest, bytes.length)).toHaveLength(0);
  await expect(download(digest, bytes.length + 1)).rejects.toMatchObject({ code: "out-of-range" });
});

test("an empty blob is a blob", async () => {
  const { digest, bytes } = await server.blobs.uploadBlob([]);
  expect([digest, bytes]).toEqual([digestOf(new Uint8Array()), 0]);
  expect(await download(digest)).toHaveLength(0);
});

test("bytes of another digest than expected are not kept", async () => {
  const bytes = randomBytes(100);
  const expected = digestOf(randomBytes(100));
  await expect(server.blobs.uploadBlob(inChunks(bytes, mebibyte, expected))).rejects.toMatchObject({
    code: "invalid-argument",
  });
  expect(await server.blobs.statBlob({ digest: digestOf(bytes) })).toMatchObject({ exists: false });
});

test("a chunk and a blob have a largest size", async () => {
  const chunk = new Uint8Array(mebibyte + 1);
  await expect(server.blobs.uploadBlob([{ chunk }])).rejects.toMatchObject({
    code: "invalid-argument",
    violations: [{ field: "chunk" }],
  });
  await expect(
    server.blobs.uploadBlob(inChunks(new Uint8Array(41 * mebibyte))),
  ).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining("AMAAS_MAX_BLOB_BYTES"),
  });
  expect(await drafts()).toEqual([]);
});

test("an upload whose caller leaves is not kept", async () => {
  const leaving = new AbortController();
  const half = randomBytes(2 * mebibyte);
  async function* chunks() {
    yield* inChunks(half);
    await vi.waitFor(async () => expect(await drafts()).toHaveLength(1), 5000);
    leaving.abort();
    await new Promise(() => {});
  }
  await expect(server.blobs.uploadBlob(chunks(), { signal: leaving.signal })).rejects.toMatchObject(
    { code: "cancelled" },
  );
  await vi.waitFor(async () => expect(await drafts()).toEqual([]), 5000);
  expect(await server.blobs.statBlob({ digest: digestOf(half) })).toMatchObject({ exists: false });
});

test("bytes that rotted on disk are not handed out as if they were whole", async () => {
  const bytes = randomBytes(600_000);
  const { digest } = await server.blobs.uploadBlob(inChunks(bytes));
  const path = await fileOf(digest);
  await rm(path);
  await writeFile(path, Buffer.concat([bytes.subarray(1), Buffer.from([0])]));
  await expect(download(digest)).rejects.toMatchObject({ code: "data-loss" });
  await server.blobs.uploadBlob(inChunks(bytes));
  expect((await download(digest)).equals(bytes)).toBe(true);
});

test.each(["", "sha256:", "md5:abc", `sha256:${"A".repeat(64)}`, "sha256:../../../etc/passwd"])(
  "%j is no digest",
  async (digest) => {
    for (const refused of [server.blobs.statBlob({ digest }), download(digest)])
      await expect(refused).rejects.toMatchObject({ code: "invalid-argument" });
  },
);

test("an unknown blob is not found", async () => {
  const digest = digestOf(randomBytes(5));
  await expect(download(digest)).rejects.toMatchObject({ code: "not-found" });
});
