/** What the time of a step goes into, as one line: a gauge and a share for each part. */
import type { Progress } from "@amaas/client";
import { duration } from "../terminal/figures.ts";
import type { View } from "../terminal/progress.ts";

type StepTime = NonNullable<Progress["stepTime"]>;

/** In the order of a step; work in one mood, waiting in another. */
const parts = [
  ["data", "cyan"],
  ["compute", "green"],
  ["reduce", "green"],
  ["exchange", "blue"],
  ["apply", "magenta"],
  ["wait", "yellow"],
] as const satisfies readonly (readonly [keyof StepTime, keyof View["style"]])[];

const gauges = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Pieces for one line, the time itself first: they are short enough to stand side by side. */
export function stepTimeTexts(time: StepTime | undefined, style: View["style"]): string[] {
  if (time === undefined) return [];
  const total = parts.reduce((sum, [part]) => sum + time[part], 0);
  if (!(total > 0 && Number.isFinite(total))) return [];
  const shares = parts.map(([part, colour]) => {
    const share = time[part] / total;
    const gauge = gauges[Math.min(gauges.length - 1, Math.floor(share * gauges.length))] ?? "";
    return `${style.dim(part)}${style[colour](gauge)}${Math.round(share * 100)}%`;
  });
  return [`${style.dim("step")} ${short(total * 1000)}`, ...shares];
}

function short(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms);
}
