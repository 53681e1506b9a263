/**
 * Writes the files of an example: each appears whole or not at all, and a second writer does no harm.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Answers the paths that were written. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  return Promise.all(
    Object.entries(files).map(([name, bytes]) => writeWhole(join(directory, name), bytes)),
  );
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<string> {
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, bytes);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return path;
}
