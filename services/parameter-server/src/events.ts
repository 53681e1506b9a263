/** What happens here, told once each: log line, metric, span and line in the job's log. */
import { errorMessage } from "@amaas/errors";
import type { Contribution } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { HostTask, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Ending, Evaluation, Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { mainMetrics } from "@amaas/spec";
import type { Span, Telemetry } from "@amaas/telemetry";
import type { Receipt } from "./shard.ts";

type JobLog = (job: string, severity: "info" | "warn" | "error", message: string) => void;

export type ShardEvents = ReturnType<ReturnType<typeof createEvents>["of"]>;

export function createEvents({ log, metrics, tracer }: Telemetry, jobLog: JobLog) {
  const contributions = metrics.counter(
    "amaas_parameter_server_contributions_total",
    "Gradient chunks received, by what became of them",
    ["receipt"],
  );
  const bytes = metrics.counter(
    "amaas_parameter_server_received_bytes_total",
    "Bytes of gradients received",
  );
  const steps = metrics.counter("amaas_parameter_server_steps_total", "Training steps completed");
  const stepSeconds = metrics.histogram(
    "amaas_parameter_server_step_seconds",
    "Time from the orders of a training step to its applied update, in seconds",
  );
  const applySeconds = metrics.histogram(
    "amaas_parameter_server_apply_seconds",
    "Time to add the last gradient of a chunk and to apply the optimizer to it, in seconds",
    { buckets: [1e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1] },
  );
  const norms = metrics.histogram(
    "amaas_parameter_server_norm",
    "Norms of a step over all parameters: of the gradient of the mean loss, of the weights, and of the update against the weights",
    { labels: ["of"], buckets: [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1e3, 1e4] },
  );
  const hostedShards = metrics.gauge("amaas_parameter_server_shards", "Shards hosted now");
  const repeated = metrics.counter(
    "amaas_parameter_server_leaves_ordered_again_total",
    "Virtual shards ordered a second time because a worker left or was slow",
  );
  const checkpointSeconds = metrics.histogram(
    "amaas_parameter_server_checkpoint_seconds",
    "Time to write a checkpoint, in seconds",
  );
  const faults = metrics.counter(
    "amaas_parameter_server_corrupt_contributions_total",
    "Repeats of a gradient that differ from the first: corrupted arithmetic on a node",
  );
  let shards = 0;

  const of = (task: Task, host: HostTask) => {
    const line = log.child({ job: task.job, generation: task.generation, shard: host.shard });
    const leads = host.shard === 0;
    let epoch: Span | undefined;
    let live = false;
    return {
      hosted(step: number, parameters: number) {
        live = true;
        hostedShards.set(++shards);
        line.info("shard hosted", { step, parameters });
      },
      restoreFailed(error: unknown) {
        line.warn("the shard's state cannot be read yet", { error: errorMessage(error) });
        jobLog(task.job, "warn", `shard ${host.shard} waits for its state: ${errorMessage(error)}`);
      },
      ended() {
        epoch?.end();
        if (live) hostedShards.set(--shards);
        tracer.with(task.traceparent, () => line.info("shard ended"));
      },
      failed(error: unknown): string {
        const message = errorMessage(error);
        line.error("shard failed", { error: message });
        return message;
      },
      workerJoined(worker: string, workers: number) {
        line.info("worker joined", { worker, workers });
        if (leads) jobLog(task.job, "info", `${worker} joined, ${workers} at work`);
      },
      workerLeft(worker: string, workers: number) {
        line.info("worker left", { worker, workers });
        if (leads) jobLog(task.job, "warn", `${worker} left, ${workers} at work`);
      },
      workerLate(worker: string, leaves: number) {
        line.info("worker is late", { worker, leaves });
      },
      contribution(receipt: Receipt, size: number) {
        contributions.add(1, { receipt });
        bytes.add(size);
      },
      applied(ms: number) {
        applySeconds.observe(ms / 1000);
      },
      corruptArithmetic(worker: string, { version, level, index, chunk }: Contribution) {
        faults.add(1);
        line.error("a repeated gradient differs", { worker, version, level, index, chunk });
        const node = `node (${level}, ${index}), chunk ${chunk} of step ${version}`;
        jobLog(
          task.job,
          "error",
          `corrupted arithmetic: ${worker} or another sent ${node} differently`,
        );
      },
      stepDone(progress: Progress, samples: number, elapsedMs: number, stepsPerEpoch: number) {
        const { step, loss, stepTime, gradientNorm, weightNorm, updateRatio } = progress;
        steps.add(1);
        stepSeconds.observe(elapsedMs / 1000);
        epoch ??= tracer.start("job.epoch", {
          parent: task.traceparent,
          attributes: { "amaas.job": task.job, "amaas.epoch": Math.ceil(step / stepsPerEpoch) },
        });
        line.debug("step done", { step, loss, samples, ms: elapsedMs });
        // Not known before the second step.
        if (weightNorm > 0) {
          norms.observe(gradientNorm, { of: "gradient" });
          norms.observe(weightNorm, { of: "weights" });
          norms.observe(updateRatio, { of: "update" });
        }
        if (step % stepsPerEpoch !== 0) return;
        epoch.set({
          "amaas.step": step,
          "amaas.loss": loss,
          "amaas.gradient_norm": gradientNorm,
          "amaas.weight_norm": weightNorm,
        });
        for (const [part, seconds] of Object.entries(stepTime ?? {}))
          epoch.set({ [`amaas.step_seconds.${part}`]: seconds });
        epoch.end();
        epoch = undefined;
      },
      evaluated(evaluation: Evaluation | undefined) {
        if (!evaluation) return;
        const { split, step, metrics: values } = evaluation;
        const main = mainMetrics.flatMap((name) =>
          values[name] === undefined ? [] : [[name, values[name]] as const],
        );
        line.info("evaluated", { split, step, ...Object.fromEntries(main) });
        const text = main.map(([name, value]) => `${name} ${value.toPrecision(4)}`);
        jobLog(task.job, "info", `step ${step}, ${split}: ${text.join(", ")}`);
      },
      closing(ending: Ending | undefined) {
        if (!ending) return;
        const { keptStep, reason } = ending;
        line.info("training is over", { keptStep, reason });
        if (reason !== "") jobLog(task.job, "info", reason);
      },
      rateCut(step: number, rate: number) {
        line.info("learning rate cut", { step, rate });
        jobLog(
          task.job,
          "info",
          `step ${step}, on a plateau: learning rate ${rate.toPrecision(3)}`,
        );
      },
      orderedAgain(leaves: number) {
        repeated.add(leaves);
        line.info("virtual shards ordered again", { leaves });
      },
      checkpointWritten(step: number, ms: number) {
        checkpointSeconds.observe(ms / 1000);
        line.info("checkpoint written", { step, ms: Math.round(ms) });
      },
      checkpointFailed(step: number, error: unknown) {
        line.error("checkpoint failed, training goes on", { step, error: errorMessage(error) });
        jobLog(task.job, "warn", `checkpoint of step ${step} failed: ${errorMessage(error)}`);
      },
    };
  };
  return { of };
}
