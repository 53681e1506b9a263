/** What is fitted beside a model to compare it with, as scorers of rows, the simplest first. */
import type { ScoredBaseline } from "@amaas/evaluation";
import type { Prepared, Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { JobSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { constantsOf } from "./constant.ts";
import { fitLinear } from "./linear.ts";
import { labelsOf } from "./rows.ts";
import { type Scorer, type Scoring, scoreRows } from "./score.ts";

export interface Baseline extends Pick<ScoredBaseline, "name" | "rows"> {
  readonly scorer: Scorer;
}

/** What `sessions` has opened is in use until it is disposed of. */
export async function fitBaselines(
  { split, training: { loss } }: JobSpec,
  { idColumns }: Prepared,
  training: Split,
  { measures, session, blobs }: Scoring,
  sessions: AsyncDisposableStack,
): Promise<Baseline[]> {
  const integerLabels = measures.task === "classification";
  const width = Number(session.inputs.find(({ name }) => name === "outputs")?.shape[1] ?? 1);
  const labels = await labelsOf(training, integerLabels, blobs);
  const constants = constantsOf(loss, labels, width).map(({ name, outputs }) => {
    const length = scoreRows * width;
    const same = Float32Array.from({ length }, (_, at) => outputs[at % width] ?? 0);
    const answer = tensor("FP32", [scoreRows, width], same);
    return { name, rows: training.rows, scorer: async () => answer };
  });
  const sample = { training, outputs: width, integerLabels, idColumns, seed: split.seed };
  const linear = await fitLinear(sample, blobs);
  if (!linear) return constants;
  sessions.defer(() => linear.release());
  return [...constants, { name: "linear model", rows: linear.rows, scorer: linear.scorer }];
}
