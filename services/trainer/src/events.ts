/** What happens here, told once each: log line, metric, span and line in the job's log. */
import { errorMessage } from "@amaas/errors";
import type { Prepared, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { StepTime } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Telemetry } from "@amaas/telemetry";

type JobLog = (job: string, severity: "info" | "warn" | "error", message: string) => void;

export type TrainerEvents = ReturnType<typeof createEvents>;
export type TrainingEvents = ReturnType<TrainerEvents["training"]>;

export function createEvents({ log, metrics, tracer }: Telemetry, jobLog: JobLog) {
  const samplesTotal = metrics.counter("amaas_trainer_samples_total", "Samples computed");
  const leafSeconds = metrics.histogram(
    "amaas_trainer_virtual_shard_seconds",
    "Time to compute one virtual shard, in seconds",
  );
  const stepSeconds = metrics.histogram(
    "amaas_trainer_step_seconds",
    "Time of a compute thread for its part of a training step, by what it went into, in seconds",
    { labels: ["part"] },
  );
  const tasks = metrics.counter("amaas_trainer_tasks_total", "Tasks ended, by kind and result", [
    "kind",
    "result",
  ]);

  return {
    finished(task: Task, kind: string, message: string) {
      tasks.add(1, { kind, result: "done" });
      log.info("task done", { task: task.id, result: message });
      jobLog(task.job, "info", message);
    },
    remarks(task: Task, { notes, warnings }: Pick<Prepared, "notes" | "warnings">) {
      for (const note of notes) jobLog(task.job, "info", note);
      for (const warning of warnings) {
        log.warn("about the data", { task: task.id, warning });
        jobLog(task.job, "warn", warning);
      }
    },
    failed(task: Task, kind: string, error: unknown): string {
      const message = errorMessage(error);
      tasks.add(1, { kind, result: "failed" });
      log.error("task failed", { task: task.id, error: message });
      jobLog(task.job, "error", message);
      return message;
    },
    delayed(task: Task, error: unknown) {
      log.warn("task waits", { task: task.id, error: errorMessage(error) });
      jobLog(task.job, "warn", `waits: ${errorMessage(error)}`);
    },
    training(task: Task) {
      const line = log.child({ task: task.id });
      const span = tracer.start("trainer.train", {
        parent: task.traceparent,
        attributes: { "amaas.job": task.job, "amaas.generation": task.generation },
      });
      let samples = 0;
      const spent = new Map<string, number>();
      return {
        /** What the training causes descends from it. */
        traceparent: span.traceparent,
        began(servers: number) {
          line.info("training began", { servers });
          span.event("joined", { servers });
        },
        otherArithmetic(found: string, wanted: string) {
          line.warn("arithmetic of another class than the preparation's", { found, wanted });
          const text = `computes as ${found}, where the data was prepared as ${wanted}`;
          jobLog(task.job, "warn", `${text}: the weights depend on who computes what`);
        },
        loadFailed(error: unknown) {
          line.warn("the job's data cannot be read yet", { error: errorMessage(error) });
          jobLog(task.job, "warn", `waits for the data: ${errorMessage(error)}`);
        },
        linkLost(shard: number, server: string, problem: unknown) {
          const message = errorMessage(problem);
          line.warn("a parameter server is out of reach", { shard, server, problem: message });
          jobLog(task.job, "warn", `shard ${shard} at ${server} is out of reach: ${message}`);
        },
        computed(leaves: number, count: number, ms: number) {
          samples += count;
          samplesTotal.add(count);
          leafSeconds.observe(ms / 1000 / Math.max(1, leaves));
        },
        stepTime({ data, compute, reduce, exchange, wait }: StepTime) {
          for (const [part, seconds] of Object.entries({ data, compute, reduce, exchange, wait })) {
            stepSeconds.observe(seconds, { part });
            spent.set(part, (spent.get(part) ?? 0) + seconds);
          }
        },
        failed(error: unknown): string {
          const message = errorMessage(error);
          tasks.add(1, { kind: "train", result: "failed" });
          line.error("training failed", { error: message });
          jobLog(task.job, "error", message);
          span.fail(error);
          return message;
        },
        ended() {
          tracer.with(span.traceparent, () => line.info("training ended", { samples }));
          span.set({ "amaas.samples": samples });
          for (const [part, seconds] of spent) span.set({ [`amaas.seconds.${part}`]: seconds });
          span.end();
        },
      };
    },
  };
}
