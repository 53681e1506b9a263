/** What `python/objectives.py` has written, and a network that puts out what the case says. */
import { join } from "node:path";
import { graphBuilder } from "@amaas/graph";
import type { Measures } from "@amaas/metrics";
import type { LabelScale, Network } from "@amaas/nn";
import type { LossSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { type ArrayRef, readPacked } from "../gradients/packed.ts";

interface BatchRefs {
  readonly name: string;
  readonly outputs: ArrayRef;
  readonly labels: ArrayRef;
}

export interface LossCase extends BatchRefs {
  readonly loss: LossSpec;
  readonly weights: readonly number[] | null;
  readonly value: number;
  readonly gradient: ArrayRef;
}

export interface MetricCase extends BatchRefs {
  readonly measures: Measures;
  readonly scale?: LabelScale;
  readonly metrics: Readonly<Record<string, number>>;
  readonly confusion?: readonly number[];
  /** Under the curves of the probabilities, by metric. */
  readonly areas?: Readonly<Record<string, number>>;
}

export interface TieCase {
  readonly name: string;
  readonly scores: ArrayRef;
  readonly labels: ArrayRef;
  readonly roc: number;
  readonly pr: number;
}

/** Of predictions and labels; `error` is the standard error of the metric. */
export interface BootstrapCase {
  readonly outputs: ArrayRef;
  readonly labels: ArrayRef;
  readonly intervals: Readonly<
    Record<string, { readonly low: number; readonly high: number; readonly error: number }>
  >;
}

export interface WeightCase {
  readonly counts: readonly number[];
  readonly weights: readonly number[];
}

export const fixture = readPacked<{
  readonly losses: readonly LossCase[];
  readonly metrics: readonly MetricCase[];
  readonly weights: readonly WeightCase[];
  readonly ties: readonly TieCase[];
  readonly bootstrap: BootstrapCase;
}>(join(import.meta.dirname, "fixtures/objectives.bin.br"));

/** outputs = features + shift, so that the gradient at `shift`, a row of it each, is that at the outputs. */
export function shiftNetwork(rows: number, width: number): Network {
  const g = graphBuilder("shift");
  const features = g.input("features", "FP32", ["batch", width]);
  const shift = g.input("shift", "FP32", [rows, width]);
  g.output("outputs", g.add(features, shift), { shape: ["batch", width] });
  return { graph: g.build(), parameters: [{ name: "shift", shape: [rows, width], init: "zeros" }] };
}

export type Feeds = Readonly<Record<string, Tensor>>;

/** The rows from `from` on as a micro-batch of `batch` rows; what is padding is filled with `padding`. */
export function microBatchOf(
  { outputs, labels }: { readonly outputs: Tensor; readonly labels: Tensor },
  from: number,
  batch: number,
  padding: (at: number) => number = () => 0,
): { readonly feeds: Feeds; readonly samples: number } {
  const width = outputs.shape[1] ?? 1;
  const samples = Math.max(0, Math.min(batch, labels.data.length - from));
  const features = Float32Array.from({ length: batch * width }, (_, at) =>
    at < samples * width ? Number(outputs.data[from * width + at]) : padding(at),
  );
  const classes = labels.type === "INT32";
  const values = Array.from({ length: batch }, (_, row) => {
    if (row < samples) return Number(labels.data[from + row]);
    return classes ? Math.abs(Math.trunc(padding(row))) % Math.max(2, width) : padding(row);
  });
  return {
    samples,
    feeds: {
      features: tensor("FP32", [batch, width], features),
      shift: tensor("FP32", [batch, width], new Float32Array(batch * width)),
      labels: classes
        ? tensor("INT32", [batch], Int32Array.from(values))
        : tensor("FP32", [batch], Float32Array.from(values)),
      mask: tensor(
        "FP32",
        [batch],
        Float32Array.from({ length: batch }, (_, row) => Number(row < samples)),
      ),
    },
  };
}
