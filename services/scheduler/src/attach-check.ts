/** What a node's message must look like. */
import {
  type AttachRequest,
  NodeRole,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { faultyRequest } from "./errors.ts";

const mostTasks = 10_000;
const mostLogs = 1_000;
const mostCheckpoints = 100;
/** One for each epoch that a spec may ask for, and the test. */
const mostEvaluations = 100_001;
/** 32 MB of float64. */
const mostLosses = 4_000_000;
const mostSeries = 16;

export function checkAttach(request: AttachRequest): void {
  const { node, incarnation, role, address, threads, tasks, logs } = request;
  require(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(
    node,
  ), "node", "wanted 1 to 128 letters, digits, dots, dashes and underscores");
  require(/^[\x21-\x7e]{1,128}$/.test(
    incarnation,
  ), "incarnation", "wanted 1 to 128 printable characters");
  require(role === NodeRole.TRAINER ||
    role === NodeRole.PARAMETER_SERVER, "role", "wanted trainer or parameter server");
  require(/^[\x21-\x7e]{1,256}:\d{1,5}$/.test(address), "address", "wanted host:port");
  require(threads <= 4_096, "threads", `found ${threads}, wanted at most 4096`);
  require(tasks.length <= mostTasks, "tasks", `found ${tasks.length}, wanted at most ${mostTasks}`);
  require(logs.length <= mostLogs, "logs", `found ${logs.length}, wanted at most ${mostLogs}`);
  for (const [i, { time }] of logs.entries())
    require(time >= 0 && time < 1e15, `logs[${i}].time`, "wanted milliseconds since the epoch");
  for (const [i, status] of tasks.entries()) checkStatus(status, `tasks[${i}]`);
}

/** A stream is one node's, and of one life of it. */
export function checkSameNode(first: AttachRequest, next: AttachRequest): void {
  for (const field of ["node", "incarnation", "role"] as const)
    require(next[field] ===
      first[field], field, `found ${next[field]}, wanted ${first[field]} as before`);
}

function checkStatus({ id, detail }: TaskStatus, path: string): void {
  require(id.length <= 200, `${path}.id`, "wanted at most 200 characters");
  if (detail?.$case !== "hosted") return;
  const { checkpoints, losses, series, progress } = detail.value;
  require(checkpoints.length <=
    mostCheckpoints, `${path}.checkpoints`, `wanted at most ${mostCheckpoints}`);
  for (const { digest } of checkpoints)
    require(/^sha256:[0-9a-f]{64}$/.test(
      digest,
    ), `${path}.checkpoints`, "wanted digests sha256:<hex>");
  require(losses.length % 8 === 0 &&
    losses.length <= mostLosses * 8, `${path}.losses`, `wanted at most ${mostLosses} float64`);
  require(series.length <= mostSeries, `${path}.series`, `wanted at most ${mostSeries}`);
  for (const { name, values } of series) {
    require(/^(?!loss$)[A-Za-z0-9]{1,32}$/.test(
      name,
    ), `${path}.series`, "wanted names of 1 to 32 letters and digits, and not loss");
    require(values.length % 8 === 0 &&
      values.length <= mostLosses * 8, `${path}.series`, `wanted at most ${mostLosses} float64`);
  }
  const evaluations = progress?.evaluations.length ?? 0;
  require(evaluations <=
    mostEvaluations, `${path}.progress.evaluations`, `wanted at most ${mostEvaluations}`);
}

function require(holds: boolean, field: string, description: string): asserts holds {
  if (!holds) throw faultyRequest(field, description);
}
