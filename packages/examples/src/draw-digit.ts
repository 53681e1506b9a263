/**
 * Draws a digit with characters, for terminals.
 */
import { digitSide } from "./digits.ts";

export interface DrawOptions {
  /** Only characters of ASCII, for terminals and logs that show no others. */
  readonly ascii?: boolean;
}

/** From dark to bright; a character cell is about twice as high as it is wide. */
const shades = " .:-=+*#%@";
const bright = 0.35;

/**
 * 14 lines of 28 characters, each standing for two pixels one above the other. Pixels may be in any
 * unit: the brightest of the image counts as white.
 */
export function drawDigit(pixels: ArrayLike<number>, options: DrawOptions = {}): string {
  const values = Array.from(pixels);
  const white = Math.max(...values) || 1;
  const at = (row: number, column: number) => (values[row * digitSide + column] ?? 0) / white;
  const draw = options.ascii ? shade : halfBlock;
  return Array.from({ length: digitSide / 2 }, (_, line) =>
    Array.from({ length: digitSide }, (_, column) =>
      draw(at(2 * line, column), at(2 * line + 1, column)),
    ).join(""),
  ).join("\n");
}

function halfBlock(upper: number, lower: number): string {
  if (upper > bright) return lower > bright ? "█" : "▀";
  return lower > bright ? "▄" : " ";
}

function shade(upper: number, lower: number): string {
  const brightness = Math.min(1, Math.max(0, (upper + lower) / 2));
  return shades[Math.round(brightness * (shades.length - 1))] ?? " ";
}
