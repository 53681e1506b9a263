import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BlobStore, type Digest, digestOf, openBlobs, parseDigest } from "./index.ts";

let folder: string;
let blobs: BlobStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amaas blobs "));
  blobs = openBlobs(pathToFileURL(folder).href);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (value: string) => new TextEncoder().encode(value);
const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255);

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const pathOf = (digest: Digest) => join(folder, "sha256", digest.slice("sha256:".length));
const files = (name: string) =>
  existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [];

function damage(digest: Digest, change: (path: string) => void) {
  chmodSync(pathOf(digest), 0o644);
  change(pathOf(digest));
}

test("bytes come back under the digest of FIPS 180", async () => {
  expect(await blobs.put(text("abc"))).toEqual({ digest: abc, size: 3 });
  expect(await blobs.get(abc)).toEqual(text("abc"));
  expect(await blobs.size(abc)).toBe(3);
});

test("an empty blob is a blob", async () => {
  const { digest } = await blobs.put(new Uint8Array());
  expect(await blobs.get(digest)).toEqual(new Uint8Array());
  expect(await collect(blobs.stream(digest))).toEqual([]);
  expect(await blobs.size(digest)).toBe(0);
});

test("bytes in shared memory, and views into the middle of a buffer, are kept as they are", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1000), 8, 500).fill(7);
  const { digest } = await blobs.put(shared);
  expect(digest).toBe(digestOf(new Uint8Array(500).fill(7)));
  expect(await blobs.get(digest)).toEqual(new Uint8Array(500).fill(7));
});

test("a stream and a whole of the same bytes are one blob, kept once", async () => {
  const whole = await blobs.put(large);
  const kept = statSync(pathOf(whole.digest)).ino;
  expect(await blobs.put(large)).toEqual(whole);
  expect(statSync(pathOf(whole.digest)).ino, "nothing was written again").toBe(kept);
  expect(await blobs.put(pieces(large, 70_001))).toEqual(whole);
  expect(files("sha256")).toHaveLength(1);
  expect(files("drafts")).toEqual([]);
});

test("concurrent puts of the same bytes agree and leave one whole blob", async () => {
  const other = openBlobs(pathToFileURL(folder).href);
  const puts = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      (i % 2 ? blobs : other).put(i % 3 ? large : pieces(large, 100_000)),
    ),
  );
  expect(new Set(puts.map(({ digest }) => digest)).size).toBe(1);
  expect(digestOf(await blobs.get(puts[0]!.digest))).toBe(digestOf(large));
  expect(files("drafts")).toEqual([]);
});

test("bytes of another digest than expected are refused and leave nothing", async () => {
  const expected = digestOf(text("abd"));
  const refusal = { code: "invalid-argument", message: expect.stringContaining(expected) };
  await expect(blobs.put(text("abc"), { expected })).rejects.toMatchObject(refusal);
  await expect(blobs.put(pieces(text("abc"), 1), { expected })).rejects.toMatchObject(refusal);
  expect(files("sha256")).toEqual([]);
  expect(files("drafts")).toEqual([]);
  expect(await blobs.put(text("abc"), { expected: abc })).toMatchObject({ digest: abc });
});

test("a source that fails half-way leaves nothing, and its error comes through", async () => {
  async function* broken() {
    yield large;
    throw new Error("the caller left");
  }
  await expect(blobs.put(broken())).rejects.toThrow("the caller left");
  expect(files("sha256")).toEqual([]);
  expect(files("drafts")).toEqual([]);
});

test("a writer killed half-way leaves no half blob, and its draft is swept after a day", async () => {
  const writer = fork(new URL("./writer.fixture.ts", import.meta.url), [
    pathToFileURL(folder).href,
  ]);
  await once(writer, "message");
  writer.kill("SIGKILL");
  await once(writer, "exit");

  const [draft] = files("drafts");
  expect(statSync(join(folder, "drafts", draft!)).size).toBeGreaterThan(0);
  expect(files("sha256")).toEqual([]);

  await blobs.put(text("abc"));
  expect(files("drafts"), "a young draft may have a living writer").toEqual([draft]);
  const old = Date.now() / 1000 - 25 * 3600;
  utimesSync(join(folder, "drafts", draft!), old, old);
  await openBlobs(pathToFileURL(folder).href).put(text("abd"));
  expect(files("drafts")).toEqual([]);
});

test("an unknown digest is not found", async () => {
  const unknown = { code: "not-found", message: `no blob ${abc}` };
  await expect(blobs.get(abc)).rejects.toMatchObject(unknown);
  await expect(collect(blobs.stream(abc))).rejects.toMatchObject(unknown);
  expect(await blobs.size(abc)).toBeUndefined();
});

describe("ranges", () => {
  test("get reads from an offset, as many bytes as there are", async () => {
    const { digest } = await blobs.put(large);
    expect(await blobs.get(digest, { offset: 5, length: 7 })).toEqual(large.slice(5, 12));
    expect(await blobs.get(digest, { offset: 2_999_999 })).toEqual(large.slice(2_999_999));
    expect(await blobs.get(digest, { offset: 3_000_000, length: 9 })).toHaveLength(1);
    expect(await blobs.get(digest, { offset: large.length })).toHaveLength(0);
    expect(await blobs.get(digest, { length: 2 })).toEqual(large.slice(0, 2));
  });

  test("stream goes on from an offset in pieces of the wanted size", async () => {
    const { digest } = await blobs.put(large);
    const chunks = await collect(blobs.stream(digest, { offset: 1_000_001, chunkBytes: 900_000 }));
    expect(chunks.map(({ length }) => length)).toEqual([900_000, 900_000, 200_000]);
    expect(Buffer.concat(chunks).equals(large.subarray(1_000_001))).toBe(true);
    expect(Buffer.concat(await collect(blobs.stream(digest))).equals(large)).toBe(true);
  });

  test("a reader may leave a stream early", async () => {
    const { digest } = await blobs.put(large);
    for await (const chunk of blobs.stream(digest, { chunkBytes: 10 })) {
      expect(chunk).toEqual(large.slice(0, 10));
      break;
    }
  });

  test.each([-1, 4, 0.5, Number.NaN, 2 ** 60])(
    "offset %d of three bytes is out of range",
    async (offset) => {
      await blobs.put(text("abc"));
      const refusal = { code: "out-of-range", message: expect.stringContaining("3 bytes") };
      await expect(blobs.get(abc, { offset })).rejects.toMatchObject(refusal);
      await expect(collect(blobs.stream(abc, { offset }))).rejects.toMatchObject(refusal);
    },
  );

  test.each([0, -1, 1.5, 2 ** 30])("chunks of %d bytes are refused", async (chunkBytes) => {
    await blobs.put(text("abc"));
    await expect(collect(blobs.stream(abc, { chunkBytes }))).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});

describe("damaged bytes", () => {
  const flip = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
  };

  test.each([
    ["a flipped bit", flip],
    ["a lost tail", (path: string) => truncateSync(path, 2_000_000)],
    ["an added tail", (path: string) => writeFileSync(path, "x", { flag: "a" })],
    ["nothing left", (path: string) => truncateSync(path, 0)],
  ])("%s is reported as data loss, and putting the bytes again mends it", async (_, change) => {
    const { digest } = await blobs.put(large);
    damage(digest, change);
    await expect(blobs.get(digest)).rejects.toMatchObject({ code: "data-loss" });
    expect(await blobs.put(large)).toMatchObject({ digest });
    expect(digestOf(await blobs.get(digest))).toBe(digest);
  });

  test("a stream from the start never gives its last piece", async () => {
    const { digest } = await blobs.put(large);
    damage(digest, flip);
    let received = 0;
    const read = async () => {
      for await (const chunk of blobs.stream(digest)) received += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: "data-loss" });
    expect(received).toBeLessThan(large.length);
  });
});

describe("names from outside", () => {
  const hostile = [
    "",
    "abc",
    "sha256:",
    "sha256:../../../etc/passwd",
    `sha256:${"../".repeat(21)}x`,
    `sha256:${"A".repeat(64)}`,
    `${abc}\n`,
    ` ${abc}`,
    `${abc}/..`,
    `${abc.slice(0, -1)}\0`,
    `sha512:${"a".repeat(64)}`,
    "x".repeat(1_000_000),
  ];

  test.each(hostile)("%j is not a digest", (name) => {
    const parse = () => parseDigest(name);
    expect(parse).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(parse).toThrow(/wanted sha256:/);
  });

  test("the refusal of endless text is short", () => {
    expect(() => parseDigest("x".repeat(1_000_000))).toThrow(/^.{0,250}$/);
  });

  test("a digest that was never parsed does not become a path", async () => {
    const sly: Digest = "sha256:../../../../etc/passwd";
    await expect(blobs.get(sly)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(blobs.size(sly)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  test.each(["s3://bucket", "/data/blobs", "file:///data#1", "file:///data?x", ""])(
    "%j is no store",
    (url) => {
      expect(() => openBlobs(url)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    },
  );
});

describe("a disk in trouble", () => {
  const small = join(tmpdir(), `amaas-small-disk-${process.pid}`);
  const mounted = mountSmallDisk(small);
  const unmount = () => mounted && spawnSync("umount", ["-l", small]);

  test.skipIf(!mounted)(
    "a full disk is unavailable, leaves no half blob, and recovers",
    async () => {
      try {
        const store = openBlobs(pathToFileURL(small).href);
        const first = await store.put(text("abc"));
        const full = { code: "unavailable", message: expect.stringContaining("ENOSPC") };
        await expect(store.put(large)).rejects.toMatchObject(full);
        await expect(store.put(pieces(large, 1000))).rejects.toMatchObject(full);
        expect(readdirSync(join(small, "drafts"))).toEqual([]);
        expect(await store.get(first.digest)).toEqual(text("abc"));

        spawnSync("mount", ["-o", "remount,size=8m", small]);
        const { digest } = await store.put(large);
        expect(await store.get(digest)).toEqual(large);
      } finally {
        unmount();
        rmSync(small, { recursive: true, force: true });
      }
    },
  );

  test("a folder that cannot be made is unavailable until it can", async () => {
    const taken = join(folder, "taken");
    writeFileSync(taken, "a file");
    const store = openBlobs(pathToFileURL(taken).href);
    await expect(store.put(text("abc"))).rejects.toMatchObject({ code: "unavailable" });
    rmSync(taken);
    expect(await store.put(text("abc"))).toMatchObject({ digest: abc });
  });

  test("a folder removed under the store is made again by a later put", async () => {
    await blobs.put(text("abc"));
    rmSync(folder, { recursive: true });
    await expect(blobs.put(text("abc"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await blobs.put(text("abc"))).toMatchObject({ digest: abc });
  });
});

function mountSmallDisk(path: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  return (
    spawnSync("mkdir", ["-p", path]).status === 0 &&
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]).status === 0
  );
}
