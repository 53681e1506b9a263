/**
 * What a spec's reference to data stands for on this machine: one file, or those of a folder or a
 * pattern, in the order of their names, so that everyone who has them makes the same list.
 */
import { glob, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { DomainError } from "@amaas/errors";
import type { DataSpec } from "@amaas/spec";

export interface DataFile {
  /** In the folder, with forward slashes. */
  readonly name: string;
  readonly path: string;
}

/** What files of a format are called; a pattern takes whatever it matches. */
const endings: { readonly [F in DataSpec["format"]]: string } = {
  arrays: "*.npy",
  arrow: "*.{arrow,arrows,feather,ipc}",
  csv: "*.csv",
  json: "*.json",
  jsonl: "*.{jsonl,ndjson}",
  parquet: "*.parquet",
  text: "*.txt",
};

/** The file's path, or the files of a folder or pattern. */
export async function findData(
  baseDirectory: string,
  ref: string,
  format: DataSpec["format"],
): Promise<string | readonly DataFile[]> {
  const path = resolve(baseDirectory, ref);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return list(path, `**/${endings[format]}`, ref);
  if (found || !/[*?[\]{}]/.test(ref)) return path;
  return list(resolve(baseDirectory), ref, ref);
}

async function list(folder: string, pattern: string, ref: string): Promise<readonly DataFile[]> {
  const files: DataFile[] = [];
  for await (const entry of glob(pattern, { cwd: folder })) {
    const path = join(folder, entry);
    const name = relative(folder, path).split(sep).join("/");
    // What begins with a dot or an underscore is left by file systems and by other programs.
    if (/(^|\/)[._]/.test(name.replace(/^(\.\.\/)+/, ""))) continue;
    if ((await stat(path)).isFile()) files.push({ name, path });
  }
  if (files.length === 0)
    throw new DomainError(
      "not-found",
      `there is no file ${pattern} in ${folder}, which ${ref} asks for`,
    );
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}
