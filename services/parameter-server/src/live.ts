/** The parts of a hosted shard once its state is there, and how they are put together. */
import type { BlobStore } from "@amaas/blobs";
import type { LearningRate, Optimizer } from "@amaas/optim";
import type { HostTask, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { JobSpec } from "@amaas/spec";
import type { Telemetry } from "@amaas/telemetry";
import type { Restored } from "./checkpoint.ts";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { Checkpointing } from "./checkpointing.ts";
import type { ShardEvents } from "./events.ts";
import { KeptWeights } from "./kept-weights.ts";
import { Lead } from "./lead.ts";
import { type Member, Members } from "./members.ts";
import { isNormed, NormedUpdate } from "./normed-update.ts";
import type { Plan } from "./plan.ts";
import { Shard } from "./shard.ts";

export interface Live {
  readonly shard: Shard;
  readonly members: Members;
  readonly keeper: CheckpointKeeper;
  readonly kept: KeptWeights;
  readonly checkpoints: Checkpointing;
  /** Only on shard 0. */
  readonly lead: Lead | undefined;
  /** Only where a step depends on lengths of whole vectors. */
  readonly normed: NormedUpdate | undefined;
}

export interface HostedShardParts {
  readonly blobs: BlobStore;
  readonly telemetry: Telemetry;
  readonly events: ShardEvents;
  changed(): void;
}

export interface Setting {
  readonly task: Task;
  readonly host: HostTask;
  readonly spec: JobSpec;
  readonly plan: Plan;
  readonly learningRate: LearningRate;
  readonly optimizer: Optimizer;
  readonly signal: AbortSignal;
}

/** What comes of an update that takes its time. */
export interface Consequences {
  /** A chunk has been applied, which took so many milliseconds. */
  applied(ms: number): void;
  stepApplied(): void;
  /** Gradients that have been computed are not here: these are to compute them again. */
  lost(members: readonly Member[]): void;
  failed(error: unknown): void;
}

export function goLive(
  { state, keeping, history }: Restored,
  { task, host, spec, plan, learningRate, optimizer, signal }: Setting,
  { blobs, telemetry, events, changed }: HostedShardParts,
  { applied, stepApplied, lost, failed }: Consequences,
): Live {
  const { clipNorm } = spec.training.optimizer;
  const holds = isNormed(optimizer, clipNorm);
  const shard = new Shard(state, optimizer, plan.leaves, holds);
  const members = new Members(shard.chunks);
  const { closed } = keeping;
  const normed = () =>
    new NormedUpdate({
      task,
      host,
      shard,
      optimizer,
      clipNorm,
      telemetry,
      signal,
      stepApplied,
      failed,
      applied(snapshot, ms) {
        members.broadcast(snapshot);
        applied(ms);
      },
      lost: () => lost(members.all()),
    });
  const leads = host.shard === 0;
  const lead = () => new Lead({ plan, learningRate, history, closed, shard, members, events });
  const keeper = new CheckpointKeeper(blobs, events, changed, host);
  const kept = new KeptWeights(keeping);
  const checkpoints = new Checkpointing({
    shard,
    keeper,
    kept,
    history: leads ? history : undefined,
    plan,
    everySteps: spec.training.checkpointEverySteps,
    failed,
  });
  return {
    shard,
    members,
    lead: leads ? lead() : undefined,
    keeper,
    kept,
    checkpoints,
    normed: holds ? normed() : undefined,
  };
}
