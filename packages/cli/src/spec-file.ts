/** Reads a job from a YAML or JSON file, with the line and column of what cannot be read. */
import { readFile, stat } from "node:fs/promises";
import { DomainError, errorMessage } from "@amaas/errors";
import { parseDocument } from "yaml";

const largestSpec = 1024 * 1024;
/** Aliases beyond this make a small file a huge document. */
const mostAliases = 100;

export async function readSpecFile(path: string): Promise<unknown> {
  const text = await readText(path);
  const document = parseDocument(text, { prettyErrors: true, version: "1.2" });
  const [fault] = document.errors;
  if (fault)
    throw new DomainError("invalid-argument", `${path} is neither YAML nor JSON: ${fault.message}`);
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    throw new DomainError("invalid-argument", `${path} cannot be read: ${errorMessage(error)}`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= largestSpec) return await readFile(path, "utf8");
  } catch (error) {
    throw new DomainError("not-found", `cannot read the job: ${errorMessage(error)}`);
  }
  throw new DomainError("invalid-argument", `${path} is too large for a job; wanted at most 1 MiB`);
}
