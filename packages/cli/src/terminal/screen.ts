/**
 * The living end of a terminal's text: a block of lines that is redrawn in place, with finished lines
 * scrolling away above it. A frame is one write inside a synchronised update, so that no terminal shows
 * half of it; nothing is erased that is not written anew, so that none flickers.
 */
import { truncate, widthOf } from "./text.ts";

export interface Output {
  write(chunk: string | Uint8Array): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Screen {
  readonly columns: number;
  /** Replaces the block. */
  draw(lines: readonly string[]): void;
  /** Puts lines above the block, for good. */
  print(lines: readonly string[]): void;
  /** Removes the block. Without one the cursor is shown. */
  close(): void;
}

const beginUpdate = "\x1b[?2026h";
const endUpdate = "\x1b[?2026l";
const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const eraseLineEnd = "\x1b[K";
const eraseBelow = "\x1b[J";

export function openScreen(output: Output): Screen {
  let drawn: readonly string[] = [];
  let hidden = false;

  const columns = () => Math.max(20, output.columns ?? 80);
  const rows = () => Math.max(4, output.rows ?? 24);

  // A terminal made narrower has wrapped the lines that were drawn wider.
  const back = (): string => {
    const height = drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns())),
      0,
    );
    return height === 0 ? "\r" : `\x1b[${height}A\r`;
  };
  const fit = (lines: readonly string[]) => lines.map((line) => truncate(line, columns() - 1));
  const written = (lines: readonly string[]) =>
    lines.map((line) => `${line}${eraseLineEnd}\n`).join("");

  const frame = (above: readonly string[], block: readonly string[]): void => {
    const hide = block.length > 0;
    const cursor = hide === hidden ? "" : hide ? hideCursor : showCursor;
    hidden = hide;
    output.write(
      `${beginUpdate}${back()}${written(above)}${written(block)}${eraseBelow}${endUpdate}${cursor}`,
    );
    drawn = block;
  };

  return {
    get columns() {
      return columns();
    },
    draw: (lines) => frame([], fit(lines.slice(0, rows() - 1))),
    print: (lines) => frame(lines, drawn),
    close() {
      if (drawn.length > 0) frame([], []);
    },
  };
}
