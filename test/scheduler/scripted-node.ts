/** Nodes whose every report the test decides; what they are told comes over the real protocol. */
import {
  type AttachRequest,
  FleetDefinition,
  NodeRole,
  Packaged,
  Prepared,
  type Task,
  TaskState,
  TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { Channel, type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { expect } from "vitest";

export const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
export const totalSteps = 20;
export const lossAt = (step: number): number => 1 / (step + 1);

const prepared = Prepared.fromPartial({
  datasetDigest: digest(3),
  training: { rows: 640, features: 4 },
  validation: { rows: 80, features: 4 },
  test: { rows: 80, features: 4 },
  trainingGraph: digest(4),
  evaluationGraph: digest(5),
  servingGraph: digest(6),
  parameters: [{ name: "w", dims: [4, 2], offset: 0 }],
  parameterCount: 8,
  initialWeights: digest(7),
  classes: ["0", "1"],
  sums: [{ name: "loss", length: 1 }],
  inputs: [{ name: "features", datatype: "FP32", shape: [-1, 4] }],
  outputs: [{ name: "label", datatype: "BYTES", shape: [-1] }],
  stepsPerEpoch: 10,
  totalSteps,
  numericClass: "test",
});

export class ScriptedNode {
  readonly name: string;
  readonly role: NodeRole;
  incarnation = "first";
  /** As it was told last. */
  tasks: readonly Task[] = [];
  /** The digest of what a package task makes. */
  packaged = digest(9);
  /** How often it was told something, in all its life. */
  answers = 0;
  /** Why the stream ended. */
  fault: unknown;
  #client: Client<typeof FleetDefinition> | undefined;
  #channel: Channel<AttachRequest> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #reports = new Map<string, TaskStatus>();
  #fresh = true;
  #said: AttachRequest | undefined;

  constructor(name: string, role: "trainer" | "server") {
    this.name = name;
    this.role = role === "trainer" ? NodeRole.TRAINER : NodeRole.PARAMETER_SERVER;
  }

  attach(address: string): void {
    const client = createClient(FleetDefinition, address, { telemetry: nullTelemetry() });
    const channel = new Channel<AttachRequest>();
    this.#client = client;
    this.#channel = channel;
    this.#fresh = true;
    this.fault = undefined;
    this.#say();
    const beat = setInterval(() => this.#repeat(), 1_000);
    const read = async () => {
      for await (const { tasks } of client.attach(channel)) this.#assign(tasks);
    };
    this.#ended = read()
      .catch((error: unknown) => {
        this.fault = error;
      })
      .finally(() => {
        clearInterval(beat);
        channel.end();
        client.close();
      });
  }

  /** Resolves when the stream has ended. */
  ended(): Promise<void> {
    return this.#ended;
  }

  async leave(): Promise<void> {
    this.#channel?.end();
    this.#client?.close();
    await this.#ended;
  }

  /** As after kill -9: nothing is remembered. */
  async die(): Promise<void> {
    await this.leave();
    this.incarnation = `${this.incarnation}-again`;
    this.tasks = [];
    this.#reports.clear();
  }

  /** The shards here have applied `step` steps. */
  trained(step: number, { tested = false, resting = false } = {}): void {
    for (const { id, work } of this.tasks)
      if (work?.$case === "host")
        this.#reports.set(id, hostedStatus(id, work.value.shard, step, { tested, resting }));
    this.#say();
  }

  say(request: Partial<AttachRequest>): void {
    this.#say(request);
  }

  /** Waits for exactly these tasks. */
  async told(...ids: string[]): Promise<void> {
    await expect.poll(() => this.tasks.map(({ id }) => id), { timeout: 10_000 }).toEqual(ids);
  }

  #assign(tasks: readonly Task[]): void {
    this.tasks = tasks;
    this.answers += 1;
    const wanted = new Set(tasks.map(({ id }) => id));
    for (const id of this.#reports.keys()) if (!wanted.has(id)) this.#reports.delete(id);
    for (const { id, work } of tasks) {
      if (work?.$case === "prepare") this.#done(id, { $case: "prepared", value: prepared });
      if (work?.$case === "package") {
        const made = { digest: this.packaged, bytes: 7, weightsSha256: "ab".repeat(32) };
        const value = Packaged.fromPartial(made);
        this.#done(id, { $case: "packaged", value });
      }
    }
    this.#say();
  }

  #done(id: string, detail: NonNullable<TaskStatus["detail"]>): void {
    this.#reports.set(id, { id, state: TaskState.DONE, failure: "", detail });
  }

  #say(more: Partial<AttachRequest> = {}): void {
    const tasks = [...this.#reports.values()].map((status) =>
      this.#fresh ? status : onlyNewLosses(status),
    );
    this.#fresh = false;
    const { name: node, incarnation, role } = this;
    const request = { node, incarnation, role, address: `${node}:1`, threads: 1, draining: false };
    this.#said = { ...request, tasks, logs: [], ...more };
    this.#channel?.push(this.#said);
  }

  /** A node that lives is never silent for long. */
  #repeat(): void {
    if (this.#said) this.#channel?.push({ ...this.#said, logs: [] });
  }
}

interface Standing {
  readonly tested: boolean;
  readonly resting: boolean;
}

function hostedStatus(
  id: string,
  shard: number,
  step: number,
  { tested, resting }: Standing,
): TaskStatus {
  const checkpoints = [5, 10, 15, 20]
    .filter((at) => at <= step)
    .map((at) => ({ step: at, digest: digest(at * 10 + shard) }));
  const evaluations = [10, 20]
    .filter((at) => at <= step)
    .map((at) => ({ step: at, split: "validation", metrics: { accuracy: 0.9 + at / 1000 } }));
  const test = { step, split: "test", metrics: { accuracy: 0.91 } };
  const losses = Float64Array.from({ length: step }, (_, i) => lossAt(i));
  const norms = losses.slice(0, -1).map((loss) => 10 * loss);
  return TaskStatus.fromPartial({
    id,
    state: TaskState.RUNNING,
    detail: {
      $case: "hosted",
      value: {
        step,
        checkpoints,
        ...(shard > 0
          ? {}
          : {
              resting,
              progress: {
                step,
                totalSteps,
                ending: { version: totalSteps, keptStep: totalSteps, keptEpoch: 2 },
                evaluations: tested ? [...evaluations, test] : evaluations,
              },
              firstLossStep: 0,
              losses: new Uint8Array(losses.buffer),
              // A step late, as norms are.
              series: [{ name: "gradientNorm", values: new Uint8Array(norms.buffer) }],
            }),
      },
    },
  });
}

/** All but the first status of a stream tell the last losses only. */
function onlyNewLosses(status: TaskStatus): TaskStatus {
  if (status.detail?.$case !== "hosted") return status;
  const { losses } = status.detail.value;
  const firstLossStep = Math.max(0, losses.length / 8 - 10);
  const value = { ...status.detail.value, firstLossStep, losses: losses.slice(firstLossStep * 8) };
  return { ...status, detail: { $case: "hosted", value } };
}
