/** Reads a job from a YAML or JSON file, with the line and column of what cannot be read. */
import { readFile } from "node:fs/promises";
import { DomainError, errorMessage } from "@amaas/errors";
import { parseDocument } from "yaml";
import { sizeOfFile } from "./size-of-file.ts";

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
  const size = await sizeOfFile(path, "the job");
  if (size <= largestSpec) return readFile(path, "utf8");
  throw new DomainError("invalid-argument", `${path} is too large for a job; wanted at most 1 MiB`);
}
