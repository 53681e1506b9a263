/** One figure of a job, large: by step, or by epoch where it is a metric of the validation split. */
import { DomainError } from "@amaas/errors";
import { chart, type Mark } from "../terminal/chart.ts";
import { count, measure } from "../terminal/figures.ts";
import type { View } from "../terminal/progress.ts";
import { truncate } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";

export interface LargeView extends View {
  readonly rows: number;
}

const [fewestRows, mostRows] = [6, 40];
/** Title, axis, steps, and the line of the shell beneath. */
const otherRows = 5;

/** What can be drawn of this job, as its user says it: "loss", "learning-rate", "f1-macro". */
export function curveNames(curve: Curve): string[] {
  const metrics = curve.validations.flatMap((evaluation) => Object.keys(evaluation.metrics));
  const names = ["loss", ...curve.series.keys(), ...metrics.filter((name) => /^\w+$/.test(name))];
  return [...new Set(names.map(spelled))];
}

export function drawCurve(curve: Curve, name: string, view: LargeView): string[] {
  const wanted = spelled(name);
  const values = valuesOf(curve, wanted);
  if (values === undefined) {
    const names = curveNames(curve).join(", ");
    throw new DomainError("invalid-argument", `found no curve "${name}", wanted one of ${names}`);
  }
  const { columns, rows, style } = view;
  const known = values.filter(Number.isFinite);
  if (known.length === 0)
    throw new DomainError("failed-precondition", `nothing is known of ${wanted} yet`);
  const span = Math.max(curve.job.progress?.totalSteps ?? 0, values.length);
  const height = Math.min(mostRows, Math.max(fewestRows, rows - otherRows));
  const marks = wanted === "loss" ? lossMarks(curve) : [];
  const title = [
    `${style.cyan("⠤⠤")} ${style.bold(wanted)}`,
    ...(marks.length === 0 ? [] : [`${style.yellow("◆")} ${style.dim("validation loss")}`]),
    style.dim(`newest ${measure(known.at(-1) ?? 0)}`),
  ];
  const ends = ["step 1", count(span)] as const;
  return [
    truncate(title.join("   "), columns),
    ...chart(values, { width: columns, height, span, marks, ends, style }),
  ];
}

/** By step from 0 on, NaN where there is none. */
function valuesOf(curve: Curve, name: string): readonly number[] | undefined {
  if (name === "loss") return curve.losses;
  for (const [known, values] of curve.series) if (spelled(known) === name) return values;
  const values: number[] = [];
  for (const { step, metrics } of curve.validations)
    for (const [metric, value] of Object.entries(metrics))
      if (spelled(metric) === name) {
        while (values.length < step - 1) values.push(Number.NaN);
        values[Math.max(0, step - 1)] = value;
      }
  return values.length === 0 ? undefined : values;
}

function lossMarks({ validations }: Curve): Mark[] {
  return validations.flatMap(({ step, metrics }) =>
    metrics.loss === undefined ? [] : [{ at: step - 1, value: metrics.loss }],
  );
}

/** f1Macro as f1-macro. */
function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
