/** What is packed is unpacked a few at a time, whatever becomes of each. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpack } from "./unpack.ts";

const large = 8 * 2 ** 20;

const isWanted = () => true;

test("who comes fourth waits for one of three", async () => {
  const packed = gzipSync(Buffer.alloc(large));
  const done: string[] = [];
  const three = Array.from({ length: 3 }, async () => {
    await unpack(packed, "gzip", { limit: large, isWanted });
    done.push("large");
  });
  const fourth = unpack(gzipSync("x"), "gzip", { limit: 1, isWanted }).then(() =>
    done.push("small"),
  );
  await Promise.all([...three, fourth]);
  expect(done[0]).toBe("large");
});

test("what cannot be unpacked makes room as well", async () => {
  const broken = Array.from({ length: 9 }, () =>
    unpack(Buffer.from("no gzip"), "gzip", { limit: 10, isWanted }),
  );
  const tooLarge = Array.from({ length: 9 }, () =>
    unpack(gzipSync("too much"), "gzip", { limit: 3, isWanted }),
  );
  const well = Array.from({ length: 9 }, () =>
    unpack(gzipSync("well"), "gzip", { limit: 10, isWanted }),
  );
  const failed = await Promise.allSettled([...broken, ...tooLarge]);
  expect(failed.every(({ status }) => status === "rejected")).toBe(true);
  expect((await Promise.all(well)).map(String)).toEqual(Array(9).fill("well"));
});

test("what nobody waits for any more is not unpacked when its turn comes", async () => {
  let isHere = true;
  const packed = gzipSync(Buffer.alloc(large));
  const first = Array.from({ length: 3 }, () => unpack(packed, "gzip", { limit: large, isWanted }));
  const left = unpack(packed, "gzip", { limit: large, isWanted: () => isHere });
  isHere = false;
  await expect(left).rejects.toMatchObject({ code: "cancelled" });
  await Promise.all(first);
});
