/** Whole numbers of any length as JSON numbers: `JSON.stringify` writes all their digits. */
declare global {
  interface JSON {
    // Of the runtime, not yet of the compiler's library.
    rawJSON(text: string): object;
  }
}

export function wholeNumber(value: bigint | string): object {
  return JSON.rawJSON(String(value));
}
