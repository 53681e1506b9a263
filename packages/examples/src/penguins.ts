/**
 * Penguins: 344 birds of three species from the npm package `vega-datasets`, with text columns and
 * missing values, exactly as the package has them.
 */
import { readFile } from "node:fs/promises";
import { vegaFile } from "./vega-file.ts";
import { writeFiles } from "./write-files.ts";

/** Writes `penguins.json`, an array of objects. */
export async function writePenguins(directory: string): Promise<readonly string[]> {
  return writeFiles(directory, { "penguins.json": await readFile(vegaFile("penguins.json")) });
}
