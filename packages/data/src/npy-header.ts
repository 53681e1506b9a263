/**
 * The header of a .npy file: a Python dictionary of three keys, which is all that is understood here.
 */
import { DomainError } from "@amaas/errors";

export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

const maxRank = 8;

// Each alternative begins differently, so that no text takes more than one way through them.
const entry =
  /\s*'(?:(descr)'\s*:\s*'([^'\\]{1,16})'|(fortran_order)'\s*:\s*(True|False)|(shape)'\s*:\s*\(([\d\s,]{0,256})\))\s*(,|(?=\}))/y;

export function parseNpyHeader(text: string): NpyHeader {
  const entries = new Map<string, string>();
  const body = text.trim();
  if (!body.startsWith("{") || !body.endsWith("}")) throw refusal(text);
  entry.lastIndex = 1;
  let end = 1;
  for (let match = entry.exec(body); match !== null; match = entry.exec(body)) {
    end = entry.lastIndex;
    const [, descr, type, order, fortran, shape, sizes] = match;
    const key = descr ?? order ?? shape ?? "";
    if (entries.has(key)) throw refusal(text);
    entries.set(key, type ?? fortran ?? sizes ?? "");
  }
  const [descr, fortran, sizes] = ["descr", "fortran_order", "shape"].map((key) =>
    entries.get(key),
  );
  if (body.slice(end).trim() !== "}" || !descr || !fortran || sizes === undefined)
    throw refusal(text);
  return { descr, fortranOrder: fortran === "True", shape: parseShape(sizes, text) };
}

function parseShape(sizes: string, text: string): readonly number[] {
  const parts = sizes.split(",").map((size) => size.trim());
  // Python writes a tuple of one with a comma at its end.
  if (parts.at(-1) === "") parts.pop();
  const shape = parts.map(Number);
  if (parts.some((part) => !/^\d{1,15}$/.test(part)) || shape.length > maxRank) throw refusal(text);
  return shape;
}

function refusal(text: string): DomainError {
  const shown = JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
  return new DomainError(
    "invalid-argument",
    `the array file has the header ${shown}, wanted descr, fortran_order and a shape of at most ${maxRank} sizes`,
  );
}
