/** A shard at work without a network, for the tests of what it does. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, openBlobs } from "@amaas/blobs";
import { sumsOf } from "@amaas/metrics";
import {
  type Contribution,
  type ExchangeResponse,
  type Orders,
  Pass,
  type Sums,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { HostTask, Task, type TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { parseJobSpec } from "@amaas/spec";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, beforeEach, expect } from "vitest";
import { createEvents } from "./events.ts";
import { HostedShard } from "./hosted-shard.ts";
import type { Member } from "./members.ts";

export const LEAVES = 3;
const specOf = (training: object) =>
  parseJobSpec({
    name: "tiny",
    task: "regression",
    data: {
      format: "arrays",
      features: `sha256:${"0".repeat(64)}`,
      labels: `sha256:${"0".repeat(64)}`,
    },
    architecture: { type: "linear" },
    training: {
      epochs: 2,
      batchSize: LEAVES,
      virtualShards: LEAVES,
      optimizer: { type: "sgd", learningRate: 0.1 },
      ...training,
    },
  });

let folder: string;
let blobs: BlobStore;
const open: HostedShard[] = [];
/** Lines of the job's log. */
export const said: string[] = [];
/** What the newest shard was like whenever it has said that it changed. */
export const told: TaskStatus[] = [];

beforeEach(() => {
  told.length = 0;
  said.length = 0;
  folder = mkdtempSync(join(tmpdir(), "amaas-shard-"));
  blobs = openBlobs(pathToFileURL(folder).href);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((shard) => shard.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing can be stored until what this answers with is called. */
export function storeAway(): () => void {
  renameSync(folder, `${folder}-away`);
  writeFileSync(folder, "");
  return () => {
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
  };
}

/** Shard `shard` of `shards` over two parameters, once it is at work. */
export async function host(shard = 0, shards = 1, training: object = {}): Promise<HostedShard> {
  const { digest } = await blobs.put(new Uint8Array(Float32Array.of(1, 2).buffer));
  const hosted = HostTask.fromPartial({
    prepared: {
      parameterCount: 2,
      initialWeights: digest,
      sums: [...sumsOf({ task: "regression" })],
      stepsPerEpoch: 1,
      totalSteps: 2,
      validation: { rows: 1 },
      test: { rows: 1 },
    },
    shard,
    shards,
  });
  const task = Task.fromPartial({ id: "job/1/host", job: "job", generation: 1 });
  const telemetry = nullTelemetry();
  const events = createEvents(telemetry, (_job, _severity, line) => said.push(line)).of(
    task,
    hosted,
  );
  const changed = () => void told.push(made.status(false));
  const parts = { blobs, telemetry, events, changed };
  const made: HostedShard = new HostedShard(task, hosted, specOf(training), parts);
  open.push(made);
  await expect.poll(() => made.status(true).detail).toBeDefined();
  return made;
}

export const joinAs = (shard: HostedShard, worker: string, threads = 1) =>
  shard.join({ job: "job", generation: 1, shard: shard.host.shard, worker, threads });

/** What waits for a worker. */
export async function received(
  member: Member,
): Promise<NonNullable<ExchangeResponse["message"]>[]> {
  const messages: NonNullable<ExchangeResponse["message"]>[] = [];
  while (member.channel.size > 0) {
    const { value } = await member.channel.next();
    if (value?.message) messages.push(value.message);
  }
  return messages;
}

export async function ordersTo(member: Member): Promise<Orders[]> {
  return (await received(member)).flatMap((message) =>
    message.$case === "orders" ? [message.value] : [],
  );
}

export const contribution = (
  leaf: number,
  values: readonly number[],
  { samples = 1, version = 0, guidance }: Partial<Contribution> = {},
) => ({
  version,
  level: 0,
  index: leaf,
  chunk: 0,
  samples,
  values: [1],
  squares: undefined,
  gradient: new Uint8Array(Float32Array.from(values).buffer),
  guidance,
});

export const sums = (
  leaf: number,
  { version = 0, pass = Pass.TRAINING, values = [1], squares }: Partial<Sums> = {},
) => ({
  version,
  pass,
  level: 0,
  index: leaf,
  samples: 1,
  values,
  time: undefined,
  squares,
});
