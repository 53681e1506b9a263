/** Runs a network of somebody else's once, with rows of the data, on what training takes for granted. */
import type { Network, NetworkSize } from "@amaas/nn";
import { type Tensor, tensor } from "@amaas/tensor";
import type { FeatureRun } from "./fit.ts";
import { requirePlacesBefore, requireRowsAlone } from "./rows-alone.ts";

/** One block, in which most data has two rows that differ. */
const probedRows = 64;

export interface Probed {
  readonly network: Network;
  /** Of its parameters. */
  readonly values: Float32Array;
  readonly size: NetworkSize;
}

/** @throws DomainError invalid-argument where the network looks at what it should not, or does not run. */
export async function probe(
  { network, values, size }: Probed,
  run: FeatureRun,
  training: Uint32Array,
): Promise<void> {
  const { features: width, eachPlace, vocabulary = 0 } = size;
  for await (const { features } of run.blocks(training.subarray(0, probedRows), true)) {
    const seen = firstColumns(features, width);
    await requireRowsAlone(network, values, seen);
    if (eachPlace) await requirePlacesBefore(network, values, seen, vocabulary);
  }
}

/** Of rows that are their own labels the network sees a part. */
function firstColumns({ data, shape: [rows = 0, columns = 0] }: Tensor, width: number): Tensor {
  const kept = new Float32Array(rows * width);
  for (let at = 0; at < kept.length; at++)
    kept[at] = Number(data[Math.floor(at / width) * columns + (at % width)]);
  return tensor("FP32", [rows, width], kept);
}
