/** What a quickstart found out: as one JSON object, and as a box at the end. */
import type { Outcome } from "@amaas/client";
import { box } from "../terminal/box.ts";
import { count, counted, duration } from "../terminal/figures.ts";
import type { View } from "../terminal/progress.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "../training/curve.ts";
import { type Asked, inFlight } from "./ask.ts";

export interface Report {
  readonly job: string;
  readonly model: string;
  readonly version: number;
  readonly alias: string;
  readonly digest: string;
  readonly weightsSha256: string;
  readonly testAccuracy: number;
  readonly testDigits: number;
  readonly steps: number;
  readonly epochs: number;
  readonly workers: number;
  readonly samplesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly traceId: string;
}

export function createReport(
  curve: Curve,
  outcome: Outcome,
  asked: Asked,
  { traceId, seconds }: { traceId: string; seconds: number },
): Report {
  const { model, version, alias, digest, weightsSha256 } = outcome;
  const { progress } = curve.job;
  return {
    job: curve.job.id,
    model,
    version,
    alias,
    digest,
    weightsSha256,
    testAccuracy: asked.accuracy,
    testDigits: asked.answers.length,
    steps: progress?.totalSteps ?? 0,
    epochs: progress?.totalEpochs ?? 0,
    workers: curve.busy?.workers ?? 0,
    samplesPerSecond: Math.round(curve.busy?.samplesPerSecond ?? 0),
    p50Ms: rounded(asked.p50Ms),
    p99Ms: rounded(asked.p99Ms),
    requestsPerSecond: Math.round(asked.requestsPerSecond),
    seconds: rounded(seconds),
    traceId,
  };
}

export function reportBox(report: Report, { columns, style }: View): string[] {
  const right = Math.round(report.testAccuracy * report.testDigits);
  const pairs = [
    [
      "accuracy",
      `${style.bold(style.green(report.testAccuracy.toFixed(4)))}   ${count(right)} of ${count(report.testDigits)} held-out digits`,
    ],
    ["latency", `p50 ${duration(report.p50Ms)}   p99 ${duration(report.p99Ms)}`],
    ["rate", `${count(report.requestsPerSecond)} requests/s, ${inFlight} in flight`],
    [
      "training",
      `${count(report.steps)} steps   ${count(report.samplesPerSecond)} samples/s   ${counted(report.workers, "worker")}`,
    ],
    ["weights", report.weightsSha256],
    ["trace", report.traceId],
  ] as const;
  const lines = pairs.map(([name, value]) => `${style.dim(name.padEnd(8))}  ${value}`);
  const title = `${style.bold(printable(report.model))} version ${report.version} is ${printable(report.alias)}`;
  return box(title, lines, columns, style);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
