/** A progress bar, exact to half a cell. */
import type { Style } from "./style.ts";

export function bar(fraction: number, width: number, style: Style): string {
  const halves = Math.round(Math.min(1, Math.max(0, fraction)) * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2 === 1;
  const done = "━".repeat(full) + (half ? "╸" : "");
  return style.green(done) + style.dim("─".repeat(width - full - (half ? 1 : 0)));
}
