/**
 * Flights: three million flights within the United States from the npm package `vega-datasets`, as
 * a Parquet file of 13 MB, exactly as the package has it.
 */
import { readFile } from "node:fs/promises";
import { vegaFile } from "./vega-file.ts";
import { writeFiles } from "./write-files.ts";

/** Writes `flights.parquet`: `date`, `delay` in minutes, `distance` in miles, `origin`, `destination`. */
export async function writeFlights(directory: string): Promise<readonly string[]> {
  return writeFiles(directory, {
    "flights.parquet": await readFile(vegaFile("flights-3m.parquet")),
  });
}
