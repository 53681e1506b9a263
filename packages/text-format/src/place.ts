/** A place in a text, and the refusal of what stands there. */
import { DomainError } from "@amaas/errors";

const mostShown = 60;

export interface Source {
  readonly file: string;
  readonly text: string;
}

export function refuse(
  { file, text }: Source,
  offset: number,
  found: string,
  wanted: string,
): never {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  throw new DomainError(
    "invalid-argument",
    `${file}:${line}:${column}: found ${found}, wanted ${wanted}`,
  );
}

/** A piece of the text as it is shown in a message. */
export function shown(piece: string): string {
  return JSON.stringify(piece.length > mostShown ? `${piece.slice(0, mostShown)}…` : piece);
}
