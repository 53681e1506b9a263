/** What compute threads need of a job, out of the blob store: graphs, and rows in memory or in files. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { labelType } from "@amaas/nn";
import type { Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type JobSpec, microBatch } from "@amaas/spec";
import type { ComputeSetup } from "./compute.thread.ts";
import { makeSlots } from "./read-ahead.ts";
import { loadRows, type RowMemory } from "./rows.ts";

export type LoadedSetup = Omit<ComputeSetup, "result" | "weights" | "evaluated">;

/** Gives `use` a folder for rows, which is gone once it is done: whoever reads a file has it open by then. */
export async function withRowFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-rows-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function loadSetup(
  { training, validation, test, ...prepared }: Prepared,
  spec: JobSpec,
  blobs: BlobStore,
  memory: RowMemory,
): Promise<LoadedSetup> {
  const splits = {
    training: await loadRows("training", training, blobs, memory),
    validation: await loadRows("validation", validation, blobs, memory),
    test: await loadRows("test", test, blobs, memory),
  };
  const sampling = {
    rows: splits.training.count,
    microBatch: microBatch(spec.training),
    leaves: spec.training.virtualShards,
    stepsPerEpoch: prepared.stepsPerEpoch,
    seed: spec.training.seed,
  };
  const isFile = typeof splits.training.features === "string";
  return {
    training: await blobs.get(parseDigest(prepared.trainingGraph)),
    evaluation: await blobs.get(parseDigest(prepared.evaluationGraph)),
    parameters: prepared.parameters,
    parameterCount: prepared.parameterCount,
    sums: prepared.sums.reduce((total, { length }) => total + length, 0),
    labels: labelType(spec.task),
    sampling,
    splits,
    slots: isFile ? makeSlots(sampling, splits.training.width, memory.most) : undefined,
  };
}
