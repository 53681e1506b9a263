/**
 * Lines in a frame with a title. Nothing is cut off: what does not fit is shown without the frame, so
 * that a digest can still be copied whole.
 */
import type { Style } from "./style.ts";
import { padEnd, widthOf } from "./text.ts";

export function box(
  title: string,
  lines: readonly string[],
  width: number,
  style: Style,
): string[] {
  const inner = Math.max(widthOf(title) + 2, ...lines.map(widthOf));
  if (inner + 4 > width) return [title, ...lines];
  const edge = style.dim("│");
  const rest = "─".repeat(inner - widthOf(title) - 1);
  return [
    `${style.dim("╭─")} ${title} ${style.dim(`${rest}╮`)}`,
    ...lines.map((line) => `${edge} ${padEnd(line, inner)} ${edge}`),
    style.dim(`╰${"─".repeat(inner + 2)}╯`),
  ];
}
