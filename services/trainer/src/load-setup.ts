/** What compute threads need of a job, out of the blob store: graphs, and rows in memory or in files. */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { labelType } from "@amaas/nn";
import type { Prepared, Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type JobSpec, microBatch } from "@amaas/spec";
import type { ComputeSetup } from "./compute.thread.ts";
import { makeSlots } from "./read-ahead.ts";
import { closeRows, loadRows, type Rows } from "./rows.ts";

export type LoadedSetup = Omit<ComputeSetup, "result" | "weights" | "evaluated">;

/** @param most bytes of a split's features that are held in memory. */
export async function loadSetup(
  { training, validation, test, ...prepared }: Prepared,
  spec: JobSpec,
  blobs: BlobStore,
  most: number,
): Promise<LoadedSetup> {
  const graphs = {
    training: await blobs.get(parseDigest(prepared.trainingGraph)),
    evaluation: await blobs.get(parseDigest(prepared.evaluationGraph)),
  };
  const splits = await loadSplits({ training, validation, test }, blobs, most);
  const sampling = {
    rows: splits.training.count,
    microBatch: microBatch(spec.training),
    leaves: spec.training.virtualShards,
    stepsPerEpoch: prepared.stepsPerEpoch,
    seed: spec.training.seed,
  };
  const isFile = typeof splits.training.features === "number";
  return {
    ...graphs,
    parameters: prepared.parameters,
    parameterCount: prepared.parameterCount,
    sums: prepared.sums.reduce((total, { length }) => total + length, 0),
    labels: labelType(spec.task),
    sampling,
    splits,
    slots: isFile ? makeSlots(sampling, splits.training.width, most) : undefined,
  };
}

type Splits = LoadedSetup["splits"];

async function loadSplits(
  { training, validation, test }: Pick<Prepared, keyof Splits>,
  blobs: BlobStore,
  most: number,
): Promise<Splits> {
  const loaded: Rows[] = [];
  const load = async (split: Split | undefined) => {
    const rows = await loadRows(split, blobs, most);
    loaded.push(rows);
    return rows;
  };
  try {
    return {
      training: await load(training),
      validation: await load(validation),
      test: await load(test),
    };
  } catch (error) {
    for (const rows of loaded) closeRows(rows);
    throw error;
  }
}

/** Once no thread reads them any more. */
export function closeSplits(splits: Splits): void {
  for (const rows of Object.values(splits)) closeRows(rows);
}
