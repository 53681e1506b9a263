/**
 * Fits the features that a spec asks for on the training rows, keeps those worth it, and computes them block by
 * block. A block has a fixed number of rows, since the shape of a run may change bits.
 */
import {
  type Dataset,
  type FeaturePlan,
  type FittedFeatures,
  fitFeatures,
  labelsAt,
  selectFeatures,
} from "@amaas/data";
import { openSession, type Session } from "@amaas/engine";
import { writeModel } from "@amaas/graph";
import { isRecords, type JobSpec } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";

export const BLOCK_ROWS = 4_096;

export interface FeatureRun extends AsyncDisposable {
  readonly features: FittedFeatures;
  /** What people should know of it. */
  readonly notes: string[];
  /** The features of rows, in blocks; training rows are those that were fitted on, all of them. */
  blocks(rows: Uint32Array, isTraining: boolean): AsyncGenerator<Block>;
}

export interface Block {
  readonly rows: Uint32Array;
  readonly features: Tensor;
}

export async function fitted(
  spec: JobSpec,
  dataset: Dataset,
  training: Uint32Array,
): Promise<FeatureRun> {
  const features = fitFeatures(dataset, training, planOf(spec));
  const run = await opened(dataset, features, []);
  const select = spec.features?.select;
  if (!select) return run;
  await using all = run;
  const values = async function* () {
    for await (const block of all.blocks(training, true)) yield floatsOf(block.features);
  };
  const labels = labelsAt(dataset.labels, training);
  const chosen = await selectFeatures(features, select, values, labels);
  const { width } = chosen.features;
  const note = `${width} of ${features.width} features kept by ${select.by}; dropped: ${listed(chosen.dropped)}`;
  return opened(dataset, chosen.features, [note]);
}

function planOf({ data, features }: JobSpec): FeaturePlan {
  return {
    ...(isRecords(data) && { columns: data.columns }),
    ...(features && { crosses: features.crosses }),
  };
}

async function opened(
  dataset: Dataset,
  features: FittedFeatures,
  notes: string[],
): Promise<FeatureRun> {
  const session = await openSession(writeModel(features.model));
  return {
    features,
    notes,
    blocks: (rows, isTraining) => compute(session, dataset, features, rows, isTraining),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function* compute(
  session: Session,
  dataset: Dataset,
  { training = [], width }: FittedFeatures,
  rows: Uint32Array,
  isTraining: boolean,
): AsyncGenerator<Block> {
  for (let from = 0; from < rows.length; from += BLOCK_ROWS) {
    const part = rows.subarray(from, from + BLOCK_ROWS);
    const { features } = await session.run(dataset.tensors(part), ["features"]);
    if (!features) throw new Error("the preprocessing graph put out no features");
    if (isTraining)
      for (const { column, values } of training)
        for (let row = 0; row < part.length; row++)
          floatsOf(features)[row * width + column] = values[from + row]!;
    yield { rows: part, features };
  }
}

function floatsOf({ data, type }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error(`features are ${type}, wanted FP32`);
}

const mostListed = 20;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const rest = names.length - mostListed;
  const first = names.slice(0, mostListed).join(", ");
  return rest > 0 ? `${first} and ${rest} more` : first;
}
