import { expect, test } from "vitest";
import { openScreen } from "./screen.ts";

/** A terminal small enough to think about: it knows the sequences that a screen writes. */
class Terminal {
  columns: number;
  readonly rows = 10;
  readonly lines: string[] = [""];
  row = 0;
  cursorShown = true;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them
    for (const [piece] of text.matchAll(/\x1b\[([?0-9;]*)([A-Za-z])|./gsu)) this.#take(piece);
  }

  get text(): string {
    return this.lines.join("\n").trimEnd();
  }

  #take(piece: string): void {
    if (piece === "\n") this.#to(this.row + 1, 0);
    else if (piece === "\r") this.#column = 0;
    else if (piece === "\x1b[K") this.#set((line) => line.slice(0, this.#column));
    else if (piece === "\x1b[J") {
      this.#set((line) => line.slice(0, this.#column));
      this.lines.length = this.row + 1;
    } else if (piece.startsWith("\x1b[") && piece.endsWith("A"))
      this.#to(this.row - Number(piece.slice(2, -1)), this.#column);
    else if (piece === "\x1b[?25l") this.cursorShown = false;
    else if (piece === "\x1b[?25h") this.cursorShown = true;
    else if (!piece.startsWith("\x1b")) {
      this.#set(
        (line) =>
          line.slice(0, this.#column).padEnd(this.#column) + piece + line.slice(this.#column + 1),
      );
      this.#column++;
    }
  }

  #to(row: number, column: number): void {
    this.row = Math.max(0, row);
    this.#column = column;
    while (this.lines.length <= this.row) this.lines.push("");
  }

  #set(change: (line: string) => string): void {
    this.lines[this.row] = change(this.lines[this.row] ?? "");
  }
}

test("the block is redrawn in place, finished lines stay above it", () => {
  const terminal = new Terminal(40);
  const screen = openScreen(terminal);
  screen.draw(["working", "1 of 3"]);
  expect(terminal.text).toBe("working\n1 of 3");
  screen.draw(["working", "2 of 3", "nearly"]);
  expect(terminal.text).toBe("working\n2 of 3\nnearly");
  screen.print(["started"]);
  expect(terminal.text).toBe("started\nworking\n2 of 3\nnearly");
  screen.draw(["done"]);
  expect(terminal.text).toBe("started\ndone");
});

test("closing removes the block and gives the cursor back", () => {
  const terminal = new Terminal(40);
  const screen = openScreen(terminal);
  screen.print(["kept"]);
  screen.draw(["gone"]);
  expect(terminal.cursorShown).toBe(false);
  screen.close();
  expect(terminal.text).toBe("kept");
  expect(terminal.cursorShown).toBe(true);
});

test("a line as wide as the terminal is cut before it wraps", () => {
  const terminal = new Terminal(20);
  openScreen(terminal).draw(["x".repeat(30)]);
  expect(terminal.text).toBe(`${"x".repeat(18)}…`);
});

test("a block higher than the terminal is cut before it scrolls", () => {
  const terminal = new Terminal(20);
  openScreen(terminal).draw(Array.from({ length: 30 }, (_, at) => `line ${at}`));
  expect(terminal.text.split("\n")).toHaveLength(9);
});
