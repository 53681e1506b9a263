/**
 * The checkpoints that a job's shards have written: digests by step and shard.
 *
 * A checkpoint counts once every shard has written its part of the same step. Step 0 is always
 * complete, since it is the initial weights. By the numeric contract a step's state does not
 * depend on the generation that computed it, so checkpoints survive a loss of shards.
 */
import type { Checkpoint } from "@amaas/proto/amaas/scheduler/v1/fleet";

/** By step (as text) a digest for each shard, empty where it is not written yet. */
export type Checkpoints = Readonly<Record<string, readonly string[]>>;

/** A step that all shards can begin from, and their blobs; the blobs of step 0 are empty. */
export interface StartPoint {
  readonly step: number;
  readonly digests: readonly string[];
}

export const noCheckpoints: Checkpoints = {};

export interface Recorded {
  /** The very same object where nothing was new. */
  readonly checkpoints: Checkpoints;
  /** Steps whose digest was another one before: the arithmetic of two nodes differs. */
  readonly differing: readonly number[];
}

export function record(
  checkpoints: Checkpoints,
  shards: number,
  shard: number,
  reported: readonly Checkpoint[],
): Recorded {
  const oldest = newestComplete(checkpoints, shards).step;
  const differing: number[] = [];
  let all = checkpoints;
  for (const { step, digest } of reported) {
    if (step === 0 || step < oldest || digest === "") continue;
    const digests = all[step] ?? Array.from({ length: shards }, () => "");
    const known = digests[shard];
    if (known === digest) continue;
    if (known !== "") differing.push(step);
    all = { ...all, [step]: digests.with(shard, digest) };
  }
  if (all === checkpoints) return { checkpoints, differing };
  return { checkpoints: withoutOlder(all, newestComplete(all, shards).step), differing };
}

export function newestComplete(checkpoints: Checkpoints, shards: number): StartPoint {
  let newest: StartPoint = { step: 0, digests: Array.from({ length: shards }, () => "") };
  for (const [step, digests] of Object.entries(checkpoints))
    if (Number(step) > newest.step && digests.every((digest) => digest !== ""))
      newest = { step: Number(step), digests };
  return newest;
}

function withoutOlder(checkpoints: Checkpoints, step: number): Checkpoints {
  return Object.fromEntries(Object.entries(checkpoints).filter(([at]) => Number(at) >= step));
}
