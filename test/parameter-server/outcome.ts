/** What comes out of a scripted training: to be held against another one, bit for bit. */
import { createHash } from "node:crypto";
import { parseDigest } from "@amaas/blobs";
import { ShardState } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Cluster } from "./scripted.ts";

export interface Outcome {
  /** SHA-256 of all shards' weights, one behind the other. */
  readonly weights: string;
  readonly losses: number[];
  /** As far as they do not depend on how many shards there are: nine digits, by name and step. */
  readonly series: Readonly<Record<string, readonly string[]>>;
}

const floats = (bytes: Uint8Array) => [...new Float64Array(bytes.slice().buffer)];

/** Weights and loss curve after the last of so many steps, whole. */
export async function outcomeOf(cluster: Cluster, steps: number): Promise<Outcome> {
  await cluster.finished(steps);
  const hash = createHash("sha256");
  const losses: number[] = [];
  const series: Record<string, string[]> = {};
  for (const [shard] of cluster.addresses.entries()) {
    const digest = cluster.hosted(shard)?.checkpoints.at(-1)?.digest ?? "";
    const state = ShardState.decode(await cluster.blobs.get(parseDigest(digest)));
    hash.update(state.weights);
    losses.push(...floats(state.losses));
    for (const { name, values } of state.series)
      series[name] = floats(values).map((value) => value.toPrecision(9));
  }
  return { weights: hash.digest("hex"), losses, series };
}
