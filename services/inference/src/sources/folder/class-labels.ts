/** The names of an output's classes, a line each, from the file in the model's folder that its configuration names. */
import { DomainError } from "@amaas/errors";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import type { ClassLabels } from "../../model-version.ts";
import { readFile } from "./file-look.ts";
import type { Seen } from "./survey.ts";

const mostBytes = 2 ** 20;

/** `files` are those of the model's folder, by plain names. */
export async function readClassLabels(
  { output }: ModelConfig,
  files: ReadonlyMap<string, Seen>,
): Promise<ClassLabels> {
  const labels = new Map<string, readonly string[]>();
  for (const { name, labelFilename: file } of output)
    if (file !== "") labels.set(name, await linesOf(file, files.get(file)));
  return labels;
}

async function linesOf(file: string, found: Seen | undefined): Promise<readonly string[]> {
  const refuse = (why: string): never => {
    throw new DomainError("invalid-argument", `label_filename '${file}' ${why}`);
  };
  if (!found) return refuse("is not in the model's folder");
  if ("fault" in found) return refuse(`cannot be read: ${found.fault}`);
  if (found.bytes > mostBytes)
    return refuse(`has ${found.bytes} bytes; wanted at most ${mostBytes}`);
  const lines = decode(await readFile(found), refuse).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function decode(bytes: Uint8Array, refuse: (why: string) => never): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("is no UTF-8 text");
  }
}
