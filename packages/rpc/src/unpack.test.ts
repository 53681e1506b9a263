/** What is packed is unpacked a few at a time, whatever becomes of each. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpack } from "./unpack.ts";

const large = 8 * 2 ** 20;

test("who comes fifth waits for one of four", async () => {
  const packed = gzipSync(Buffer.alloc(large));
  const done: string[] = [];
  const four = Array.from({ length: 4 }, async () => {
    await unpack(packed, "gzip", large);
    done.push("large");
  });
  const fifth = unpack(gzipSync("x"), "gzip", 1).then(() => done.push("small"));
  await Promise.all([...four, fifth]);
  expect(done[0]).toBe("large");
});

test("what cannot be unpacked makes room as well", async () => {
  const broken = Array.from({ length: 9 }, () => unpack(Buffer.from("no gzip"), "gzip", 10));
  const tooLarge = Array.from({ length: 9 }, () => unpack(gzipSync("too much"), "gzip", 3));
  const well = Array.from({ length: 9 }, () => unpack(gzipSync("well"), "gzip", 10));
  const failed = await Promise.allSettled([...broken, ...tooLarge]);
  expect(failed.every(({ status }) => status === "rejected")).toBe(true);
  expect((await Promise.all(well)).map(String)).toEqual(Array(9).fill("well"));
});
