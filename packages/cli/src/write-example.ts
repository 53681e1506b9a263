/**
 * Puts an example into a folder of its own: its data, and its job with paths that fit there. A job
 * that is there already may have been edited, and is not overwritten.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { DomainError } from "@amaas/errors";
import type { Example } from "@amaas/examples";

const schema = fileURLToPath(new URL("../../spec/job.schema.json", import.meta.url));

export async function writeExample(example: Example, target: string): Promise<string[]> {
  await mkdir(target, { recursive: true });
  const job = join(target, "job.yaml");
  await writeNew(job, adapted(await readFile(example.job, "utf8"), example, target));
  return [job, ...(await example.writeData(target))];
}

/** The data lies beside the job here; editors find the schema from wherever the folder is. */
function adapted(text: string, example: Example, target: string): string {
  return text
    .replaceAll(`${relative(example.directory, example.data)}/`, "")
    .replace(/(\$schema=)\S+/, (_, key: string) => key + relative(target, schema));
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    if ((await readFile(path, "utf8")) === text) return;
    throw new DomainError(
      "already-exists",
      `${path} is there already, and differs from the example's; remove it or choose another folder`,
      { cause: error },
    );
  }
}
