/**
 * Writes the data of the examples that are named on the command line, or of all of them, to where
 * their jobs expect it.
 */
import { type Example, examples } from "./examples.ts";

const known: ReadonlyMap<string, Example> = new Map(Object.entries(examples));
const names = process.argv.length > 2 ? process.argv.slice(2) : [...known.keys()];

for (const name of names) {
  const example = known.get(name);
  if (!example) {
    console.error(`there is no example "${name}", wanted ${[...known.keys()].join(" or ")}`);
    process.exitCode = 2;
    break;
  }
  for (const path of await example.writeData()) console.log(path);
}
