/** A model repository in a temporary folder. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface ModelFolder {
  readonly path: string;
  /** Writes a file beside its place and moves it there, whole. */
  put(file: string, contents: Uint8Array | string): Promise<void>;
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

export async function modelFolder(): Promise<ModelFolder> {
  const root = await mkdtemp(join(tmpdir(), "amaas-repository-"));
  const path = join(root, "models");
  await mkdir(path);
  let count = 0;
  return {
    path,
    async put(file, contents) {
      const whole = join(root, `file-${++count}`);
      await writeFile(whole, contents);
      await mkdir(dirname(join(path, file)), { recursive: true });
      await rename(whole, join(path, file));
    },
    remove: (file) => rm(join(path, file), { recursive: true }),
    close: () => rm(root, { recursive: true }),
  };
}
