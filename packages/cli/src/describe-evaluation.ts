/** The evaluation record of a version, as lines: how good it is, how sure that is, and what to think of it. */
import type { EvaluationRecord } from "@amaas/client";
import { mainMetrics } from "@amaas/spec";
import { counted, measure } from "./terminal/figures.ts";
import type { Style } from "./terminal/style.ts";
import { table } from "./terminal/table.ts";
import { printable, wrapWords } from "./terminal/text.ts";

type Estimate = EvaluationRecord["splits"][number]["metrics"][string];
type Tone = EvaluationRecord["verdict"][number]["tone"];

/** Beside the main ones; the others are for --output json. */
const shownBeside: readonly string[] = ["rocAuc", "prAuc", "logLoss", "calibrationError"];
const mostSlices = 24;

const marks: { readonly [T in Tone]: (style: Style) => string } = {
  good: (style) => style.green("✓"),
  note: (style) => style.dim("·"),
  bad: (style) => style.yellow("!"),
};

export function describeEvaluation(
  record: EvaluationRecord,
  style: Style,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  return [
    ...metricTable(record, style),
    ...sliceTable(record, style),
    "",
    ...record.verdict.flatMap(({ tone, sentence }) => {
      const [first = "", ...rest] = wrapWords(printable(sentence), columns - 2);
      return [`${marks[tone](style)} ${first}`, ...rest.map((line) => `  ${line}`)];
    }),
  ];
}

function metricTable({ judge, splits, baselines, confidence }: EvaluationRecord, style: Style) {
  const test = splits.find(({ split }) => split === "test");
  if (!test) return [];
  const names = [...new Set([judge, ...mainMetrics, ...shownBeside])].filter(
    (name) => test.metrics[name] !== undefined,
  );
  const title = `TEST (${counted(test.scored, "row")})`.toUpperCase();
  return table(
    [
      { title },
      { title: "VALUE", align: "right" },
      { title: `${Math.round(100 * confidence)} % INTERVAL`, align: "right" },
      ...baselines.map(({ name }) => ({
        title: printable(name).toUpperCase(),
        align: "right" as const,
      })),
    ],
    names.map((name) => {
      const found = test.metrics[name];
      return [
        name,
        found ? style.bold(measure(found.value)) : "",
        interval(found),
        ...baselines.map(({ metrics }) => shownValue(metrics[name])),
      ];
    }),
    style,
  );
}

function sliceTable({ judge, slices, confidence }: EvaluationRecord, style: Style): string[] {
  if (slices.length === 0) return [];
  const rest = slices.length - mostSlices;
  const lines = table(
    [
      { title: "SLICE" },
      { title: "ROWS", align: "right" },
      { title: judge.toUpperCase(), align: "right" },
      { title: `${Math.round(100 * confidence)} % INTERVAL`, align: "right" },
    ],
    slices
      .slice(0, mostSlices)
      .map(({ column, value, rows, small, metrics }) => [
        printable(`${column} ${value}`),
        String(rows),
        shownValue(metrics[judge]?.value),
        small ? style.dim("too few rows") : interval(metrics[judge]),
      ]),
    style,
  );
  return ["", ...lines, ...(rest > 0 ? [style.dim(`and ${rest} more`)] : [])];
}

function interval(estimate: Estimate | undefined): string {
  if (estimate?.low === undefined || estimate.high === undefined) return "";
  return `${measure(estimate.low)} to ${measure(estimate.high)}`;
}

function shownValue(value: number | undefined): string {
  return value === undefined ? "" : measure(value);
}
