/**
 * Penguins: 344 birds of three species from the npm package `vega-datasets`, with text columns and
 * missing values, exactly as the package has them.
 */
import { readFile } from "node:fs/promises";
import { writeFiles } from "./write-files.ts";

/** Writes `penguins.json`, an array of objects. */
export async function writePenguins(directory: string): Promise<readonly string[]> {
  // The package exports its code alone; its data lies in the folder beside that.
  const file = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));
  return writeFiles(directory, { "penguins.json": await readFile(file) });
}
