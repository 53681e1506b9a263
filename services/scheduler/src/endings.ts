/** How a job ends: with a version, with a fault, or because somebody wanted it to. */
import type { Outcome } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { newestComplete, type StartPoint } from "./checkpoints.ts";
import {
  type ActiveJob,
  type Broken,
  type Cancelled,
  common,
  type Failed,
  type Registering,
  type Succeeded,
} from "./job.ts";

/** A reason may come from a node, and travels in events. */
const longestReason = 2_000;

export function succeed(job: Registering, outcome: Outcome, at: number): Succeeded {
  const { model, version, gateVerdict } = outcome;
  const reason = `registered as version ${version} of ${model}; ${gateVerdict}`;
  return { ...common(job), state: "SUCCEEDED", outcome, reason, endedAt: at };
}

export function fail(job: ActiveJob, reason: string, at: number): Failed {
  const told = reason.slice(0, longestReason);
  return { ...common(job), ...kept(job), state: "FAILED", reason: told, endedAt: at };
}

export function cancel(job: ActiveJob, at: number): Cancelled {
  const reason = `cancelled while ${job.state}`;
  return { ...common(job), ...kept(job), state: "CANCELLED", reason, endedAt: at };
}

function kept(job: ActiveJob): Pick<Broken, "checkpoint" | "prepared"> {
  const checkpoint = checkpointOf(job);
  const prepared = checkpoint && "prepared" in job ? job.prepared : undefined;
  return { checkpoint, prepared };
}

function checkpointOf(job: ActiveJob): StartPoint | undefined {
  switch (job.state) {
    case "QUEUED":
    case "PREPARING":
      return undefined;
    case "PLACING":
      return job.from;
    case "TRAINING": {
      const newest = newestComplete(job.checkpoints, job.servers.length);
      return newest.step > 0 ? newest : undefined;
    }
    case "PACKAGING":
    case "REGISTERING":
      return job.final;
  }
}
