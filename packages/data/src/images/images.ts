/**
 * A data set of images: PNG and JPEG files, decoded and brought to one size, kept as bytes.
 *
 * Few are decoded at a time, so that what one of them takes is bounded; what comes out is in the order of the rows.
 */

import { isDomainError } from "@amaas/errors";
import type { ImagesSpec, Task } from "@amaas/spec";
import { elementCount, tensor } from "@amaas/tensor";
import { badRows } from "../bad-rows.ts";
import { type OpenFile, openFile, wholeFile } from "../data-file.ts";
import type { Dataset, Labels } from "../dataset.ts";
import { classLabels, valueLabels } from "../labels.ts";
import { faultyData, holdTo, type Limits } from "../limits.ts";
import { listedFiles } from "../parts.ts";
import { imageDecoder } from "./decode-image.ts";
import { type ImageRow, imageRows } from "./image-rows.ts";

const field = "data.file";

/** What each takes while it is decoded is some bytes for each of its pixels. */
const atOnce = 2;

export async function readImages(
  spec: ImagesSpec,
  task: Task,
  open: OpenFile,
  limits: Limits,
): Promise<Dataset> {
  const sizes = [spec.channels, ...spec.size];
  const width = elementCount(sizes);
  holdTo(limits.features, width, "data.size", "features");
  const files = await listedFiles(field, spec.file, open, limits);
  if (!files) throw faultyData(field, "is a file, wanted a folder of images");
  const rows = await imageRows(spec, files, task, open, limits);
  holdTo(limits.arrayBytes, rows.length * width, field, "bytes of pixels");
  const decoder = await imageDecoder();
  const pixels = new Uint8Array(rows.length * width);
  const bad = badRows(spec.onBadRow, field, "images");
  const kept: ImageRow[] = [];
  for (let from = 0; from < rows.length; from += atOnce) {
    const part = rows.slice(from, from + atOnce);
    const decoded = await Promise.all(part.map((row) => pixelsOf(row)));
    for (const [at, row] of part.entries()) {
      const found = decoded[at]!;
      if (typeof found === "string") bad.report(row.place, found);
      else pixels.set(found, width * (kept.push(row) - 1));
    }
  }
  bad.settle(rows.length);
  return {
    source: "integers",
    rows: kept.length,
    skippedRows: bad.count,
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, ...sizes] }],
    shape: sizes,
    decoder: decoder.name,
    labels: labelsOf(rows, kept, task, limits),
    tensors: (chosen) => {
      const taken = new Float32Array(chosen.length * width);
      chosen.forEach((row, at) => {
        taken.set(pixels.subarray(row * width, (row + 1) * width), at * width);
      });
      return { input: tensor("FP32", [chosen.length, ...sizes], taken) };
    },
  };

  /** Or why there are none. */
  async function pixelsOf({ digest, fault, place }: ImageRow): Promise<Uint8Array | string> {
    if (fault !== undefined) return fault;
    const file = await openFile(open, digest);
    if (file.bytes > limits.imageBytes)
      return `found ${file.bytes} bytes, wanted at most ${limits.imageBytes}`;
    const bytes = await wholeFile(file);
    try {
      return await decoder.decode(bytes, spec);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      if (error.code === "invalid-argument") return error.message;
      throw faultyData(`${field} (${place})`, error.message);
    }
  }
}

function labelsOf(
  rows: readonly ImageRow[],
  kept: readonly ImageRow[],
  task: Task,
  limits: Limits,
): Labels {
  const labels = kept.flatMap(({ label }) => label ?? []);
  if (task === "reconstruction") return { kind: "none" };
  if (task === "regression") return valueLabels(labels.map(Number));
  const left = new Set(labels);
  const lost = rows.find(({ label }) => label !== undefined && !left.has(label))?.label;
  if (lost !== undefined)
    throw faultyData(field, `no image of the class ${JSON.stringify(lost)} can be read`);
  const areWhole = labels.every(
    (label) => String(Number(label)) === String(label) && Number.isSafeInteger(Number(label)),
  );
  return classLabels(areWhole ? labels.map(Number) : labels, "data.labels", limits);
}
