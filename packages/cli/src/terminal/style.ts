/** Colours and weights of text: escape sequences on a terminal, nothing elsewhere. */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  magenta(text: string): string;
  cyan(text: string): string;
}

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const satisfies Readonly<Record<keyof Style, readonly [number, number]>>;

export function createStyle(colours: boolean): Style {
  const paint = (name: keyof Style) => {
    const [on, off] = codes[name];
    return (text: string) => (colours && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  };
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    blue: paint("blue"),
    magenta: paint("magenta"),
    cyan: paint("cyan"),
  };
}

export const plain: Style = createStyle(false);
