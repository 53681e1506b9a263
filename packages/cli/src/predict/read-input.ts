/** Reads a file of inputs; its name tells its format, and "-" is JSON on stdin. */
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { decodeNpy } from "@amaas/data";
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import type { Shell } from "../shell.ts";
import { sizeOfFile } from "../size-of-file.ts";
import { parseCsv } from "./csv.ts";
import type { PredictInput } from "./input.ts";
import { parseJson, parseJsonLines } from "./json.ts";

const largestInput = 256 * 1024 * 1024;

type Parse = (bytes: Uint8Array) => PredictInput;

const formats: Readonly<Record<string, Parse>> = {
  ".json": parseJson,
  ".jsonl": parseJsonLines,
  ".ndjson": parseJsonLines,
  ".csv": parseCsv,
  ".npy": parseNpy,
};

export async function readInput(shell: Shell, file: string): Promise<PredictInput> {
  if (file === "-") return parseJson(await readAll(shell.input));
  const parse = formats[extname(file).toLowerCase()];
  if (!parse)
    throw new DomainError(
      "invalid-argument",
      `found ${JSON.stringify(file)}, wanted a file whose name ends in ${Object.keys(formats).join(", ")}`,
    );
  const bytes = await readBytes(resolve(shell.directory, file));
  try {
    return parse(bytes);
  } catch (error) {
    throw new DomainError("invalid-argument", `${file}: ${errorMessage(error)}`, {
      violations: isDomainError(error) ? error.violations : [],
      cause: error,
    });
  }
}

function parseNpy(bytes: Uint8Array): PredictInput {
  const { shape, data } = decodeNpy(bytes);
  return { kind: "array", shape, values: data };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const size = await sizeOfFile(path, "the inputs");
  if (size <= largestInput) return readFile(path);
  throw tooLarge(`${path} has ${size} bytes`);
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > largestInput) throw tooLarge("stdin goes on");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(found: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `${found}; wanted at most ${largestInput} bytes of inputs`,
  );
}
