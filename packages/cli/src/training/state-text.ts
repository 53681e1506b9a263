/** A job's state in the colour of its mood. */
import type { JobStateName } from "@amaas/client";
import type { Style } from "../terminal/style.ts";

export function stateText(state: JobStateName, style: Style): string {
  if (state === "succeeded") return style.green(state);
  if (state === "failed") return style.red(state);
  if (state === "cancelled") return style.yellow(state);
  return style.cyan(state);
}
