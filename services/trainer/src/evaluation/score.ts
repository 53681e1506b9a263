/** Rows scored one by one: whatever made the outputs, one graph says what they are worth. */
import type { BlobStore } from "@amaas/blobs";
import type { Session } from "@amaas/engine";
import { OutcomeCollector, type Outcomes } from "@amaas/evaluation";
import type { ClassificationMeasures, RegressionMeasures } from "@amaas/metrics";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type Tensor, tensor } from "@amaas/tensor";
import { batchesOf } from "./rows.ts";

/** Rows that are scored at once; fixed, since the shape of a run may change bits. */
export const scoreRows = 256;

/** Features FP32 [scoreRows, F] to outputs FP32 [scoreRows, outputs]. */
export type Scorer = (features: Tensor) => Promise<Tensor>;

export interface Scoring {
  readonly measures: ClassificationMeasures | RegressionMeasures;
  /** The row graph. */
  readonly session: Session;
  readonly blobs: BlobStore;
}

/** What each scorer makes of these rows; the rows are read once. */
export async function scored(
  split: Split,
  rows: Uint32Array,
  scorers: readonly Scorer[],
  { measures, session, blobs }: Scoring,
): Promise<Outcomes[]> {
  const integerLabels = measures.task === "classification";
  const collectors = scorers.map(() => new OutcomeCollector(measures, rows.length));
  const wanted = { split, rows, batch: scoreRows, integerLabels };
  for await (const batch of batchesOf(wanted, blobs)) {
    const features = tensor("FP32", [scoreRows, split.features], batch.features);
    const labels =
      batch.labels instanceof Int32Array
        ? tensor("INT32", [scoreRows], batch.labels)
        : tensor("FP32", [scoreRows], batch.labels);
    for (const [at, scorer] of scorers.entries()) {
      const outputs = await scorer(features);
      const found = await session.run({ outputs, labels });
      collectors[at]?.add(batch.rows, batch.labels, numbersOf(found));
    }
  }
  return collectors.map((collector) => collector.finish());
}

function numbersOf(found: Record<string, Tensor>): Record<string, ArrayLike<number>> {
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => {
      if (data instanceof Float32Array || data instanceof Int32Array) return [name, data];
      throw new Error(`${name} of the row graph is neither float32 nor int32`);
    }),
  );
}
