/**
 * The digits that the model has never seen. The trainer's split is a function of the spec's seed and
 * the labels, so the same rows are found here without asking anybody.
 */
import { readFile } from "node:fs/promises";
import { decodeNpy, splitRows } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import type { JobSpec } from "@amaas/spec";

export interface HeldOut {
  readonly count: number;
  /** Of the whole data set. */
  readonly all: number;
  /** Pixels of one image. */
  readonly width: number;
  pixels(index: number): Float32Array;
  label(index: number): number;
}

export async function readHeldOut(
  spec: JobSpec,
  imagesFile: string,
  labelsFile: string,
): Promise<HeldOut> {
  const images = decodeNpy(await readFile(imagesFile));
  const digits = Array.from(decodeNpy(await readFile(labelsFile)).data, Number);
  const [rows = 0, width = 0] = images.shape;
  if (rows !== digits.length)
    throw new DomainError("data-loss", `found ${rows} images and ${digits.length} labels`);
  const classes = [...new Set(digits)].sort((a, b) => a - b);
  const values = Int32Array.from(digits, (digit) => classes.indexOf(digit));
  const { test } = splitRows({
    rows,
    split: spec.split,
    labels: { kind: "class", classes, values },
  });
  const rowOf = (index: number): number => {
    const row = test[index];
    if (row === undefined) throw new RangeError(`no held-out digit ${index} of ${test.length}`);
    return row;
  };
  return {
    count: test.length,
    all: rows,
    width,
    pixels: (index) => {
      const start = rowOf(index) * width;
      return Float32Array.from(images.data.slice(start, start + width), Number);
    },
    label: (index) => digits[rowOf(index)] ?? Number.NaN,
  };
}
