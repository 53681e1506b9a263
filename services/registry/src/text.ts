/** Text from outside: of limited length, and without characters that a database cannot keep. */
import type { Violation } from "@amaas/errors";
import { found } from "./errors.ts";

const longestReason = 1000;

/** Line breaks and tabs are text; other control characters are an accident or an attack. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

export function textFaults(field: string, text: string, longest: number): Violation[] {
  if (text.length > longest)
    return [fault(field, `${text.length} characters`, `at most ${longest}`)];
  if (control.test(text)) return [fault(field, found(text), "text without control characters")];
  return [];
}

export function reasonFaults(reason: string): Violation[] {
  return textFaults("reason", reason, longestReason);
}

export function fault(field: string, seen: string, wanted: string): Violation {
  return { field, description: `found ${seen}, wanted ${wanted}` };
}
