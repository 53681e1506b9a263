/**
 * Files as the network of a version is to see them: decoded and brought to a size as its training images were. What the job
 * said of them stands in the version's lineage.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Amaas } from "@amaas/client";
import { defaultLimits, imageDecoder } from "@amaas/data";
import { DomainError, isDomainError } from "@amaas/errors";
import { type ImagesSpec, parseJobSpec } from "@amaas/spec";
import { sizeOfFile } from "../size-of-file.ts";
import type { PredictInput } from "./input.ts";

/** How images were read for a version; the one that is served, unless one is told. */
export async function imagesOf(
  client: Amaas,
  name: string,
  which?: number,
): Promise<{ readonly version: number; readonly images: ImagesSpec }> {
  const version = which ?? Number((await client.modelMetadata(name)).versions[0]);
  const { lineage } = await client.models.version(name, version);
  const data = lineage?.spec && parseJobSpec(lineage.spec).data;
  if (data?.format === "images") return { version, images: data };
  throw new DomainError(
    "failed-precondition",
    `${name} version ${version} was not trained on images, wanted a model of data.format images; give its rows as --input`,
  );
}

export async function readImages(
  directory: string,
  files: readonly string[],
  images: ImagesSpec,
): Promise<PredictInput> {
  const { decode } = await imageDecoder();
  const [height, width] = images.size;
  const shape = [files.length, images.channels, height, width];
  const values = new Uint8Array(files.length * images.channels * height * width);
  for (const [row, file] of files.entries()) {
    const path = resolve(directory, file);
    const bytes = await sizeOfFile(path, "the image");
    if (bytes > defaultLimits.imageBytes)
      throw refused(file, `found ${bytes} bytes, wanted at most ${defaultLimits.imageBytes}`);
    try {
      const pixels = await decode(await readFile(path), images);
      values.set(pixels, row * pixels.length);
    } catch (error) {
      throw isDomainError(error, "invalid-argument") ? refused(file, error.message) : error;
    }
  }
  return { kind: "array", shape, values };
}

function refused(file: string, why: string): DomainError {
  return new DomainError("invalid-argument", `${file}: ${why}`);
}
