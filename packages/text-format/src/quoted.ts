/** A quoted string and its escapes: the bytes it stands for, UTF-8 where it says nothing else. */
import { refuse, type Source, shown } from "./place.ts";

const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "?": 63,
  "\\": 92,
  "'": 39,
  '"': 34,
};

const plain = /[^"'\\\n]+/y;
const octal = /[0-7]{1,3}/y;
const hex = /[xX]([0-9A-Fa-f]{1,2})/y;
const unicode = /(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/y;

const encoder = new TextEncoder();

export function readQuoted(source: Source, start: number): { bytes: Uint8Array; end: number } {
  const { text } = source;
  const quote = text[start];
  const parts: Uint8Array[] = [];
  let at = start + 1;
  while (text[at] !== quote) {
    const character = text[at];
    if (character === undefined || character === "\n")
      refuse(source, at, character === undefined ? "the end" : "the end of the line", `${quote}`);
    if (character === "\\") at = readEscape(source, at, parts);
    else if (character === '"' || character === "'") {
      parts.push(encoder.encode(character));
      at++;
    } else {
      const run = match(plain, text, at)?.[0] ?? "";
      parts.push(encoder.encode(run));
      at += run.length;
    }
  }
  return { bytes: joined(parts), end: at + 1 };
}

/** Where the text goes on after the escape. */
function readEscape(source: Source, at: number, parts: Uint8Array[]): number {
  const { text } = source;
  const letter = text[at + 1] ?? "";
  const byte = simple[letter];
  if (byte !== undefined) {
    parts.push(Uint8Array.of(byte));
    return at + 2;
  }
  const digits = match(octal, text, at + 1)?.[0] ?? "";
  if (digits !== "" && Number.parseInt(digits, 8) < 256) {
    parts.push(Uint8Array.of(Number.parseInt(digits, 8)));
    return at + 1 + digits.length;
  }
  const [twoDigits, value] = match(hex, text, at + 1) ?? [];
  if (twoDigits !== undefined && value !== undefined) {
    parts.push(Uint8Array.of(Number.parseInt(value, 16)));
    return at + 1 + twoDigits.length;
  }
  const [whole, short, long] = match(unicode, text, at + 1) ?? [];
  const point = Number.parseInt(short ?? long ?? "", 16);
  if (whole !== undefined && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)) {
    parts.push(encoder.encode(String.fromCodePoint(point)));
    return at + 1 + whole.length;
  }
  refuse(source, at, shown(text.slice(at, at + 4)), 'an escape such as \\n, \\", \\101 or \\x41');
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
