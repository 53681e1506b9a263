/** Names that a mistyped one may stand for. */

const mostSuggestions = 3;
/** Names from files may be of any length and number; a hint is not worth more. */
const longest = 200;
const mostNames = 20_000;

/** `; did you mean "a" or "b"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const close = similarNames(name, known).map((each) => `"${each}"`);
  return close.length === 0 ? "" : `; did you mean ${close.join(" or ")}?`;
}

/** The closest first. */
export function similarNames(name: string, known: Iterable<string>): readonly string[] {
  const scored: (readonly [name: string, distance: number])[] = [];
  let count = 0;
  for (const each of known) {
    if (++count > mostNames) break;
    const distance = distanceOf(name, each);
    if (distance !== undefined) scored.push([each, distance]);
  }
  scored.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  return scored.slice(0, mostSuggestions).map(([each]) => each);
}

/** Edits between two names; a part of a name counts as close. Undefined where they have little in common. */
function distanceOf(name: string, other: string): number | undefined {
  if (name.length > longest || other.length > longest) return undefined;
  const [a, b] = [name.toLowerCase(), other.toLowerCase()];
  const edits = editDistance(a, b);
  if (edits <= Math.max(1, Math.floor(Math.max(a.length, b.length) / 3))) return edits;
  return a.length > 2 && b.includes(a) ? edits : undefined;
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
