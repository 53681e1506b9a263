/**
 * What a job in training looks like: a bar, the figures, and the curve of its loss as far as it has
 * come. A function of what is known and of the room there is, so that a frame can be looked at in a
 * test.
 */
import type { Progress } from "@amaas/client";
import { bar } from "../terminal/bar.ts";
import { chart } from "../terminal/chart.ts";
import { count, counted, measure, remaining } from "../terminal/figures.ts";
import type { View } from "../terminal/progress.ts";
import { padStart, widthOf } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";
import { headline } from "./headline.ts";
import { stepTimeTexts } from "./step-time-line.ts";

const indent = "  ";
const chartHeight = 7;
const widestChart = 72;
const narrowestBar = 10;

export function trainingFrame(curve: Curve, view: View): string[] {
  const { columns, style } = view;
  const { progress } = curve.job;
  if (progress === undefined || progress.totalSteps === 0) return [];
  const room = columns - 2 * indent.length;
  const lines = ["", ...barLines(progress, Math.min(room, widestChart), style)];
  lines.push(...wrap(painted(figuresOf(curve), style), room));
  lines.push(...wrap(painted(normsOf(progress), style), room));
  lines.push(...wrap(stepTimeTexts(progress.stepTime, style), room, " "));
  return [...lines.map((text) => (text === "" ? "" : indent + text)), ...lossFrame(curve, view)];
}

/** The curve alone: what is worth keeping of a training. */
export function lossFrame(curve: Curve, { columns, style }: View): string[] {
  if (curve.losses.length < 2) return [];
  const width = Math.min(columns - 2 * indent.length, widestChart);
  return ["", ...lossChart(curve, width, style).map((text) => indent + text)];
}

/** The bar and where it stands, beneath each other where there is no room side by side. */
function barLines(progress: Progress, room: number, style: View["style"]): string[] {
  const { step, totalSteps, epoch, totalEpochs } = progress;
  const fraction = step / totalSteps;
  const place = [
    padStart(`${Math.floor(fraction * 100)} %`, 5),
    `epoch ${epoch}/${totalEpochs}`,
    `step ${count(step)}/${count(totalSteps)}`,
  ];
  const beside = `  ${place.join("   ")}`;
  const width = room - widthOf(beside);
  if (width >= narrowestBar) return [bar(fraction, width, style) + beside];
  return [
    bar(fraction, room, style),
    ...wrap(
      place.map((text) => text.trim()),
      room,
    ),
  ];
}

/** One line for logs and pipes. */
export function trainingLine(curve: Curve): string {
  const { progress } = curve.job;
  if (progress === undefined) return "";
  const { step, totalSteps, epoch, totalEpochs } = progress;
  const place = `epoch ${epoch}/${totalEpochs}  step ${count(step)}/${count(totalSteps)}`;
  return [place, ...figuresOf(curve).map(([, text]) => text)].join("  ");
}

type Figure = readonly [emphasis: "bold" | "dim" | "yellow", text: string];

function figuresOf(curve: Curve): Figure[] {
  const { progress } = curve.job;
  if (progress === undefined) return [];
  const { step, loss, samplesPerSecond, workers, secondsLeft, restarts, learningRate } = progress;
  const metric = headline(curve.validations.at(-1));
  const best = bestEpoch(curve);
  return [
    ...(step > 0 ? [["bold", `loss ${measure(loss)}`] as const] : []),
    ...(metric === undefined ? [] : [["bold", metric] as const]),
    ...(samplesPerSecond > 0 ? [["dim", `${count(samplesPerSecond)} samples/s`] as const] : []),
    ...(learningRate > 0 ? [["dim", `learning rate ${rate(learningRate)}`] as const] : []),
    ["dim", counted(workers, "worker")],
    ...(best === undefined ? [] : [["dim", `best epoch ${best}`] as const]),
    ...(restarts > 0 ? [["yellow", `resumed ${restarts}×`] as const] : []),
    ...(secondsLeft > 0 ? [["dim", `${remaining(secondsLeft)} left`] as const] : []),
  ];
}

/** How large gradient, weights and the change of weights are: more than a line for a pipe should say. */
function normsOf({ gradientNorm, weightNorm, updateRatio }: Progress): Figure[] {
  if (!(weightNorm > 0)) return [];
  const sizes = `norm of gradient ${rate(gradientNorm)}, weights ${rate(weightNorm)}`;
  return [
    ["dim", sizes],
    ["dim", `update ratio ${rate(updateRatio)}`],
  ];
}

/** The one with the least validation loss so far. */
function bestEpoch({ job, validations }: Curve): number | undefined {
  const { totalSteps = 0, totalEpochs = 0 } = job.progress ?? {};
  const known = validations.filter(({ metrics }) => Number.isFinite(metrics.loss));
  if (known.length < 2) return undefined;
  const [best] = known.toSorted((a, b) => Number(a.metrics.loss) - Number(b.metrics.loss));
  return best && Math.ceil((best.step * totalEpochs) / totalSteps);
}

/** Three digits, however small: 0.001, 0.000125, 2.5e-7. */
function rate(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function painted(figures: readonly Figure[], style: View["style"]): string[] {
  return figures.map(([emphasis, text]) => style[emphasis](text));
}

/** Figures side by side, on as many lines as they take. */
function wrap(texts: readonly string[], room: number, gap = "   "): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const joined = lines.length === 0 ? text : `${lines.at(-1)}${gap}${text}`;
    if (lines.length > 0 && widthOf(joined) <= room) lines[lines.length - 1] = joined;
    else lines.push(text);
  }
  return lines;
}

function lossChart(curve: Curve, width: number, style: View["style"]): string[] {
  const span = Math.max(curve.job.progress?.totalSteps ?? 0, curve.losses.length);
  const marks = curve.validations.flatMap(({ step, metrics }) =>
    metrics.loss === undefined ? [] : [{ at: step - 1, value: metrics.loss }],
  );
  const legend =
    `${style.cyan("⠤⠤")} ${style.dim("training loss")}` +
    (marks.length === 0 ? "" : `   ${style.yellow("◆")} ${style.dim("validation loss")}`);
  return [legend, ...chart(curve.losses, { width, height: chartHeight, span, marks, style })];
}
