/**
 * The lines of a file of JSON, each parsed by itself, so that a long file takes no more memory than
 * its longest line.
 */
import { chunksOf, type DataFile } from "./data-file.ts";
import { refuseJsonBomb } from "./json-bomb.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";

export interface JsonLine {
  /** Counted from 1, blank lines included. */
  readonly line: number;
  /** What the line holds, or the SyntaxError that it holds nothing. */
  readonly value: unknown;
}

const newline = 0x0a;

/** The lines that are not blank. */
export async function* linesOf(
  field: string,
  file: DataFile,
  limits: Limits,
): AsyncGenerator<JsonLine> {
  let line = 0;
  for await (const bytes of linesOfBytes(field, file, limits)) {
    line++;
    const source = decode(field, bytes).trim();
    if (source === "") continue;
    refuseJsonBomb(field, bytes, limits);
    yield { line, value: parseJson(source) };
  }
}

/** The value, or the error that there is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

async function* linesOfBytes(
  field: string,
  file: DataFile,
  limits: Limits,
): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunksOf(file)) {
    const bytes =
      rest.length > 0
        ? Buffer.concat([rest, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      yield bytes.subarray(from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
    holdTo(limits.jsonBytes, rest.length, field, "bytes in a line");
  }
  if (rest.length > 0) yield rest;
}

function decode(field: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw faultyData(field, "the file is not UTF-8 text");
  }
}
