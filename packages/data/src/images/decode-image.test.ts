/** Pixels against Pillow's, bit for bit; and files that are none. */
import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { type ImageLook, imageDecoder } from "./decode-image.ts";

const folder = new URL("../../fixtures/images/", import.meta.url);
const bytesOf = (name: string) => readFileSync(new URL(name, folder));
const files = readdirSync(folder).filter((name) => !name.endsWith(".json"));

interface Expected extends ImageLook {
  readonly file: string;
  readonly crc32: number;
  /** Of the smallest, to see what is wrong. */
  readonly pixels?: string;
}
const all: readonly Expected[] = JSON.parse(bytesOf("expected.json").toString());

test.each(files)("%s is seen as Pillow sees it, at any size", async (file) => {
  const { decode } = await imageDecoder();
  const expected = all.filter((one) => one.file === file);
  expect(expected).toHaveLength(18);
  for (const { pixels, crc32: sum, ...look } of expected) {
    const found = await decode(bytesOf(file), look);
    if (pixels !== undefined) expect(Buffer.from(found).toString("base64")).toBe(pixels);
    expect({ ...look, sum: crc32(found) }).toEqual({ ...look, sum });
  }
});

const look: ImageLook = { size: [8, 8], channels: 3, fit: "cover" };
const refusal = async (bytes: Uint8Array) => {
  const { decode } = await imageDecoder();
  return decode(bytes, look).then(
    () => "none",
    (error: unknown) =>
      `${Reflect.get(Object(error), "code")}: ${Reflect.get(Object(error), "message")}`,
  );
};

test.each(files)("%s is refused wherever it is cut off", async (file) => {
  const bytes = bytesOf(file);
  const cuts = [0.3, 0.6, 0.9].map((share) => bytes.subarray(0, Math.floor(bytes.length * share)));
  for (const cut of cuts) {
    const wanted = /^invalid-argument: the file is damaged, or its end is missing \(.+\)$/;
    expect(await refusal(cut)).toMatch(wanted);
    // As a file system may leave it that had room for all of it.
    expect(await refusal(Buffer.concat([cut, Buffer.alloc(bytes.length - cut.length)]))).toMatch(
      wanted,
    );
  }
});

test.each([
  ["", "an empty file"],
  ["\0\0\0\0", "nothing but zeros"],
  ["GIF89a\u0001\0\u0001\0", "GIF"],
  ["RIFF\u0010\0\0\0WEBPVP8 ", "WebP"],
  ["\0\0\0\u0020ftypavif", "AVIF or HEIF"],
  ["MM\0*\0\0", "TIFF"],
  ["BM\u0036", "BMP"],
  ['<?xml version="1.0"?><svg/>', "SVG"],
  ["%PDF-1.7", "no image"],
])("%j is told to be %s", async (text, name) => {
  expect(await refusal(Buffer.from(text, "latin1"))).toBe(
    `invalid-argument: found ${name}, wanted PNG or JPEG`,
  );
});

test("a small file that claims to be a huge picture is refused by its header", async () => {
  const bomb = Buffer.from(bytesOf("grey.png"));
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  expect(await refusal(bomb)).toBe("invalid-argument: has more than 67108864 pixels");
});
