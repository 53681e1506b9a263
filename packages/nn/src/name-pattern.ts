/** Patterns of names, in which each `*` is anything, slashes and dots too; all else is itself. */

export function matcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*");
  return (name) => {
    const [first = "", ...rest] = parts;
    if (!name.startsWith(first)) return false;
    let at = first.length;
    // The earliest place of each part leaves the most for those behind it; the last one has to be at the end.
    for (const [index, part] of rest.entries()) {
      const last = index === rest.length - 1;
      const found = last ? name.length - part.length : name.indexOf(part, at);
      if (found < at || !name.startsWith(part, found)) return false;
      at = found + part.length;
    }
    return at === name.length;
  };
}

/** Those of the patterns that match none of the names, with their places. */
export function withoutMatch(
  patterns: readonly string[],
  names: readonly string[],
): { readonly pattern: string; readonly index: number }[] {
  return patterns
    .map((pattern, index) => ({ pattern, index }))
    .filter(({ pattern }) => !names.some(matcher(pattern)));
}

const mostShown = 12;

/** Names that a refusal offers. */
export function shownNames(names: readonly string[]): string {
  const rest = names.length - mostShown;
  const first = names.slice(0, mostShown).join(", ");
  return rest > 0 ? `one of ${first} and ${rest} more` : `one of ${first}`;
}
