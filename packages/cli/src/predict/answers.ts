/** The answers of a model, row by row: as values for programs, as a table for people. */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { measure } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

export type Value = number | string | boolean | null;
/** For each output, one value or a list of them. */
export type Answer = Readonly<Record<string, Value | readonly Value[]>>;

/** A longer list is told by its largest element. */
const longestList = 4;

export function answersOf(outputs: Readonly<Record<string, Tensor>>): Answer[] {
  const named = Object.entries(outputs);
  const rows = Math.max(0, ...named.map(([, { shape }]) => shape[0] ?? 1));
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(named.map(([name, output]) => [name, rowOf(name, output, row, rows)])),
  );
}

function rowOf(name: string, output: Tensor, row: number, rows: number): Value | Value[] {
  const { type, shape, data } = output;
  if ((shape[0] ?? 1) !== rows)
    throw new DomainError(
      "internal",
      `output ${name} has ${shape[0] ?? 1} rows where others have ${rows}`,
    );
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const elements: ArrayLike<number | bigint | string> = data;
  const values = Array.from({ length: width }, (_, at) =>
    jsonValue(type, elements[row * width + at] ?? ""),
  );
  return shape.length < 2 ? (values[0] ?? null) : values;
}

function jsonValue(type: Tensor["type"], value: number | bigint | string): Value {
  if (typeof value === "bigint")
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  if (typeof value === "string") return value;
  if (type === "BOOL") return value !== 0;
  const number = type === "FP16" ? (new Float16Array(Uint16Array.of(value).buffer)[0] ?? 0) : value;
  // What JSON has no number for.
  return Number.isFinite(number) ? number : null;
}

export function answerTable(answers: readonly Answer[], style: Style): string[] {
  const names = Object.keys(answers[0] ?? {});
  const numeric = (name: string) => typeof answers[0]?.[name] === "number";
  return table(
    [
      { title: "ROW", align: "right" },
      ...names.map((name) => ({
        title: printable(name).toUpperCase(),
        align: numeric(name) ? ("right" as const) : ("left" as const),
      })),
    ],
    answers.map((answer, row) => [
      style.dim(String(row + 1)),
      ...names.map((name) => cell(answer[name] ?? null)),
    ]),
    style,
  );
}

function cell(value: Value | readonly Value[]): string {
  if (!isList(value)) return show(value);
  const numbers = value.filter((item) => typeof item === "number");
  const isShare =
    numbers.length === value.length && numbers.every((item) => item >= 0 && item <= 1);
  const element = isShare ? (item: Value) => Number(item).toFixed(4) : show;
  if (value.length <= longestList) return value.map(element).join("  ");
  const most = Math.max(...numbers);
  return `${element(most)} at ${value.indexOf(most)}`;
}

function show(value: Value): string {
  if (value === null) return "—";
  if (typeof value === "string") return printable(value);
  if (typeof value === "boolean" || Number.isInteger(value)) return String(value);
  return measure(value);
}

function isList(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}
