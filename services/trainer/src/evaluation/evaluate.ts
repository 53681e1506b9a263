/**
 * The evaluation record of a job: its final weights on rows that it learned from and rows that it did
 * not, and on the same test rows something simpler.
 *
 * A pure function of the weights, the prepared data and the history that the lead has kept. Its cost has
 * a bound: every validation and test row up to `mostScores` probabilities, as many training rows as
 * validation rows, the bootstrap's own, and that of the linear model.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { openSession, type Session } from "@amaas/engine";
import {
  type EvaluationRecord,
  evaluationOf,
  type Facts,
  metricsOfAll,
  type Slicing,
  writeRecord,
} from "@amaas/evaluation";
import { measuresOf } from "@amaas/metrics";
import type { Packaged, Prepared, Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { JobSpec } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";
import { type Baseline, fitBaselines } from "./baselines.ts";
import { drawRows } from "./rows.ts";
import { type Scorer, type Scoring, scored } from "./score.ts";
import { told } from "./told.ts";

/** 256 MB of probabilities at once. */
const mostScores = 2 ** 26;
/** Rows of the training split that are scored. */
const mostTrainingRows = 10_000;

export interface Subject {
  readonly spec: JobSpec;
  readonly prepared: Prepared;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Losses of every step, and of the validation split after epochs. */
  readonly losses: readonly number[];
  readonly validations: readonly number[];
}

type Result = Pick<Packaged, "evaluation" | "metrics" | "intervals">;

const nothing: Result = { evaluation: "", metrics: {}, intervals: [] };

/** Nothing of a task whose rows are not judged one by one, or without rows to judge by. */
export async function evaluate(subject: Subject, blobs: BlobStore): Promise<Result> {
  const { spec, prepared, parameters } = subject;
  const { training, validation, test, rowGraph, outputGraph, classes } = prepared;
  if (!training?.rows || !validation?.rows || !test?.rows || rowGraph === "") return nothing;
  const measures = measuresOf(spec, classes.length);
  if (measures.task !== "classification" && measures.task !== "regression") return nothing;
  await using sessions = new AsyncDisposableStack();
  const open = async (digest: string) => {
    const session = await openSession(await blobs.get(parseDigest(digest)));
    return sessions.adopt(session, (one) => one.release());
  };
  const scoring = { measures, session: await open(rowGraph), blobs };
  const scorer = networkScorer(await open(outputGraph), parameters);
  const baselines = spec.evaluation.baseline
    ? await fitBaselines(spec, prepared, training, scoring, sessions)
    : [];
  const splits = { training, validation, test };
  const record = await recordOf({ ...subject, ...splits, scorer, baselines }, scoring);
  const { digest } = await blobs.put(writeRecord(record));
  return { evaluation: digest, ...told(record) };
}

interface Parts extends Subject {
  readonly training: Split;
  readonly validation: Split;
  readonly test: Split;
  readonly scorer: Scorer;
  readonly baselines: readonly Baseline[];
}

async function recordOf(parts: Parts, scoring: Scoring): Promise<EvaluationRecord> {
  const { spec, prepared, training, validation, test, scorer, baselines } = parts;
  const { measures, blobs } = scoring;
  const { seed } = spec.split;
  const classes = measures.task === "classification" ? measures.classes : 1;
  const most = Math.floor(mostScores / classes);
  const pick = (split: Split, limit: number) => drawRows(split.rows, limit, "scored rows", seed);
  const rows = pick(test, most);
  const scorers = [scorer, ...baselines.map((one) => one.scorer)];
  const [tested, ...others] = await scored(test, rows, scorers, scoring);
  const unseen = pick(validation, most);
  const [checked] = await scored(validation, unseen, [scorer], scoring);
  const seen = pick(training, Math.min(mostTrainingRows, unseen.length));
  const [learned] = await scored(training, seen, [scorer], scoring);
  return evaluationOf({
    task: measures.task,
    judge: judgeOf(spec),
    seed,
    training: { rows: training.rows, outcomes: learned! },
    validation: { rows: validation.rows, outcomes: checked! },
    test: { rows: test.rows, outcomes: tested! },
    slicings: await slicingsOf(prepared, rows, blobs),
    baselines: baselines.map(({ name, rows: fitted }, at) => ({
      name,
      rows: fitted,
      outcomes: others[at]!,
    })),
    epochs: epochsOf(parts, metricsOfAll(checked!).loss ?? Number.NaN),
    classNames: prepared.classes,
  });
}

function networkScorer(session: Session, parameters: ReadonlyMap<string, Tensor>): Scorer {
  const weights = Object.fromEntries(parameters);
  return async (features) => {
    const { outputs } = await session.run({ ...weights, features }, ["outputs"]);
    if (!outputs) throw new Error("the network put out nothing");
    return outputs;
  };
}

/** What the gate asks for, else what the loss is about. */
function judgeOf({ gate, task, training: { loss } }: JobSpec): string {
  if (gate) return gate.metric;
  if (task === "classification") return "accuracy";
  if (loss.type === "quantile") return "quantileLoss";
  return loss.type === "mae" ? "mae" : "rmse";
}

/** Of the scored test rows alone. */
async function slicingsOf(
  { slicings }: Prepared,
  rows: Uint32Array,
  blobs: BlobStore,
): Promise<Slicing[]> {
  return Promise.all(
    slicings.map(async ({ column, values, codes }) => {
      const all = new Int32Array(new Uint8Array(await blobs.get(parseDigest(codes))).buffer);
      return { column, values, codes: Int32Array.from(rows, (row) => all[row] ?? -1) };
    }),
  );
}

/** The history may end before the last validation; its loss is that of the final weights. */
function epochsOf({ prepared, losses, validations }: Subject, last: number): Facts["epochs"] {
  const { stepsPerEpoch } = prepared;
  const epochs = Math.ceil(losses.length / Math.max(1, stepsPerEpoch));
  const training = Array.from({ length: epochs }, (_, epoch) => {
    const steps = losses.slice(epoch * stepsPerEpoch, (epoch + 1) * stepsPerEpoch);
    return steps.reduce((sum, loss) => sum + loss, 0) / steps.length;
  });
  return { training, validation: [...validations, last].slice(0, epochs) };
}
