/**
 * The keys of a terminal as they are pressed. In that mode Ctrl-C is a key too, which the terminal would
 * otherwise make a signal of; the mode is given back in the end, or the user's shell would have it.
 */
import type { InputStream } from "../shell.ts";

export type Leaving = "quit" | "interrupted";

const ctrlC = "\x03";
const ctrlD = "\x04";

/**
 * Calls `leave` when a key is pressed that means to: q, or Ctrl-C. Where nobody sits at keys nothing is
 * read. The function that is returned gives the mode back.
 */
export function onLeavingKey(input: InputStream, leave: (how: Leaving) => void): () => void {
  if (input.isTTY !== true || input.setRawMode === undefined) return () => {};
  input.setRawMode(true);
  void leavingKey(input).then(leave, () => leave("interrupted"));
  return () => input.setRawMode?.(false);
}

async function leavingKey(input: InputStream): Promise<Leaving> {
  for await (const chunk of input) {
    const keys = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1");
    if (keys.includes(ctrlC) || keys.includes(ctrlD)) return "interrupted";
    if (/q/i.test(keys)) return "quit";
  }
  // The terminal is gone.
  return "interrupted";
}
