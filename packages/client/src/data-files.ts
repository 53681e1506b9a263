/**
 * What a spec's reference to data stands for on this machine: one file, or those of a folder or a
 * pattern, in the order of their names, so that everyone who has them makes the same list.
 */
import { glob, readdir, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { DomainError } from "@amaas/errors";
import type { DataSpec } from "@amaas/spec";

export interface DataFile {
  /** In the folder, with forward slashes. */
  readonly name: string;
  readonly path: string;
}

const images = ["png", "jpg", "jpeg", "gif", "webp", "avif", "heic", "tif", "tiff", "bmp", "svg"];

/** What files of a format are called; a pattern takes whatever it matches. */
const endings: { readonly [F in DataSpec["format"]]: string } = {
  arrays: "*.npy",
  arrow: "*.{arrow,arrows,feather,ipc}",
  csv: "*.csv",
  // Others than PNG and JPEG too, so that whoever reads them names them.
  images: `*.{${images.flatMap((ending) => [ending, ending.toUpperCase()]).join(",")}}`,
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
  if (found?.isDirectory()) {
    const files = await list(path, `**/${endings[format]}`, ref);
    if (format === "images") await refuseEmpty(path, files, ref);
    return files;
  }
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

/** A folder in which no image lies is a class that got lost, such as by a download that did not end. */
async function refuseEmpty(folder: string, files: readonly DataFile[], ref: string): Promise<void> {
  const full = new Set(files.flatMap(({ name }) => foldersOf(name)));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const empty = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((name) => !/(^|\/)[._]/.test(name))
    .filter((name) => !full.has(name));
  if (empty.length === 0) return;
  throw new DomainError(
    "not-found",
    `${ref} has folders without an image: ${empty.sort().slice(0, 10).join(", ")}; fill them or take them away`,
  );
}

/** All that a file lies in: `a` and `a/b` of `a/b/1.png`. */
function foldersOf(name: string): readonly string[] {
  const steps = name.split("/");
  return steps.slice(1).map((_, at) => steps.slice(0, at + 1).join("/"));
}
