/**
 * Three of the digits side by side with the model's answers: the first that it read, the one it was
 * least sure of and still got right, and its surest mistake.
 */
import { drawDigit } from "@amaas/examples";
import type { Style } from "../terminal/style.ts";
import { padEnd } from "../terminal/text.ts";
import type { Answer } from "./ask.ts";
import type { HeldOut } from "./held-out.ts";

const gap = 5;

export function gallery(digits: HeldOut, answers: readonly Answer[], style: Style): string[] {
  const chosen = choose(answers);
  const drawings = crop(chosen.map((index) => drawDigit(digits.pixels(index)).split("\n")));
  const captions = chosen.map((index) => caption(answers[index], digits.label(index), style));
  const width = Math.max(...drawings.map((lines) => lines[0]?.length ?? 0), 22);
  const beside = (cells: readonly string[]) =>
    cells
      .map((cell) => padEnd(cell, width + gap))
      .join("")
      .trimEnd();
  const height = drawings[0]?.length ?? 0;
  return [
    ...Array.from({ length: height }, (_, y) => beside(drawings.map((lines) => lines[y] ?? ""))),
    beside(captions),
  ];
}

/** Indices of the digits to show, each once. */
export function choose(answers: readonly Answer[]): number[] {
  const all = answers.map((_, index) => index);
  const right = all.filter((index) => answers[index]?.right);
  const wrong = all.filter((index) => !answers[index]?.right);
  const confidence = (index: number) => answers[index]?.confidence ?? 0;
  const bySureness = (indices: readonly number[]) =>
    indices.toSorted((a, b) => confidence(a) - confidence(b) || a - b);
  const wanted = [right[0], bySureness(right)[0], bySureness(wrong).at(-1)];
  return [...new Set([...wanted, ...all])].filter((index) => index !== undefined).slice(0, 3);
}

/** Takes away what is blank in all of them, so that they stay comparable. */
function crop(drawings: readonly (readonly string[])[]): string[][] {
  const inked = (test: (line: string, y: number) => number[]) =>
    drawings.flatMap((lines) => lines.flatMap((line, y) => test(line, y)));
  const columns = inked((line) => [...line].flatMap((dot, x) => (dot === " " ? [] : [x])));
  const rows = inked((line, y) => (line.trim() === "" ? [] : [y]));
  if (rows.length === 0) return drawings.map((lines) => [...lines]);
  const [left, right] = [Math.min(...columns), Math.max(...columns)];
  const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
  return drawings.map((lines) =>
    lines.slice(top, bottom + 1).map((line) => [...line].slice(left, right + 1).join("")),
  );
}

function caption(answer: Answer | undefined, truth: number, style: Style): string {
  if (answer === undefined) return "";
  const label = style.bold(String(answer.label));
  const sure = style.dim(`${(100 * answer.confidence).toFixed(1)} % sure`);
  return answer.right
    ? `${style.green("✓")} ${label}  ${sure}`
    : `${style.red("✗")} ${label}  ${sure}${style.dim(`, is ${truth}`)}`;
}
