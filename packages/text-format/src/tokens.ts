/**
 * The tokens of a text: names, numbers, quoted strings and signs. White space and comments, from # to
 * the end of the line, only separate.
 */

import { refuse, type Source, shown } from "./place.ts";
import { readQuoted } from "./quoted.ts";

export type Token = { readonly at: number } & (
  | { readonly kind: "name"; readonly text: string }
  /** Without its minus, which is a sign. */
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: "sign"; readonly text: string }
  | { readonly kind: "end"; readonly text: "" }
);

const separators = /(?:[ \t\r\n\v\f]+|#[^\n]*)*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:0[xX][0-9A-Fa-f]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)(?![A-Za-z0-9_.])/y;
const sign = /[{}<>[\]:,;\-./]/y;

/** One token ahead. */
export class Tokens {
  readonly #source: Source;
  #offset = 0;
  #next: Token;

  constructor(source: Source) {
    this.#source = source;
    this.#next = this.#read();
  }

  get next(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  /** Takes the sign if it is the next token. */
  takes(text: string): boolean {
    if (this.#next.kind !== "sign" || this.#next.text !== text) return false;
    this.take();
    return true;
  }

  refuse(token: Token, wanted: string): never {
    refuse(this.#source, token.at, token.kind === "end" ? "the end" : shown(token.text), wanted);
  }

  #read(): Token {
    this.#match(separators);
    const at = this.#offset;
    const { text } = this.#source;
    if (at >= text.length) return { kind: "end", text: "", at };
    if (text[at] === '"' || text[at] === "'") {
      const { bytes, end } = readQuoted(this.#source, at);
      this.#offset = end;
      return { kind: "string", text: text.slice(at, end), bytes, at };
    }
    const word = this.#match(name);
    if (word !== undefined) return { kind: "name", text: word, at };
    const digits = this.#match(number);
    if (digits !== undefined) return { kind: "number", text: digits, at };
    const mark = this.#match(sign);
    if (mark !== undefined) return { kind: "sign", text: mark, at };
    const found = /^[^\s{}[\]<>:,;]+/.exec(text.slice(at, at + 80))?.[0] ?? text[at] ?? "";
    refuse(this.#source, at, shown(found), "a name, a number, a string or a sign");
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#source.text)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }
}
