/** Text measured in terminal cells: escape sequences count nothing, nothing foreign escapes. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them
const escapes = /\x1b\[[0-9;?]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const pieces = /\x1b\[[0-9;?]*[A-Za-z]|./gsu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Code points, near enough for what is printed here. */
export function widthOf(text: string): number {
  return Array.from(text.replace(escapes, "")).length;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** At most `width` cells; what was cut off is marked, and every style ends with the text. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let room = width - 1;
  let styled = false;
  for (const [part] of text.matchAll(pieces)) {
    if (part.startsWith("\x1b[")) {
      kept += part;
      styled = true;
    } else {
      if (room === 0) break;
      kept += part;
      room--;
    }
  }
  return `${kept}…${styled ? "\x1b[0m" : ""}`;
}

/** A list on as many lines as it takes; an item wider than a line keeps one to itself. */
export function wrapList(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  items.forEach((item, at) => {
    const text = at < items.length - 1 ? `${item},` : item;
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(text) <= width)
      lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  });
  return lines;
}

/** Text on as many lines as it takes, broken between words; a word wider than a line keeps one to itself. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Text from elsewhere on one line, unable to move the cursor or turn the writing around. */
export function printable(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(controls, "\ufffd");
}
