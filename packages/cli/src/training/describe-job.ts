/** Everything worth knowing about one job, as lines. */
import { type Job, jobStateName, type Outcome } from "@amaas/client";
import { mainMetrics } from "@amaas/spec";
import { age, duration, measure } from "../terminal/figures.ts";
import type { View } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import { type Field, fields, table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";
import { trainingFrame } from "./frame.ts";
import { stateText } from "./state-text.ts";

const mostEvaluations = 12;

export function describeJob(curve: Curve, view: View): string[] {
  const { job } = curve;
  const { style } = view;
  const state = jobStateName(job.state);
  const lines = [
    ...fields(
      [
        ["job", job.id],
        ["model", printable(String(job.spec?.name ?? ""))],
        ["begins from", parentText(job)],
        ["priority", priorityText(job)],
        ["state", stateText(state, style)],
        ["reason", printable(job.reason)],
        ["created", age(job.createdAt, Date.now())],
        ["checkpoint", checkpointText(job)],
        ["took", tookText(job.startedAt, job.endedAt)],
        ["trace", job.traceId],
      ],
      style,
    ),
    ...trainingFrame(curve, view),
  ];
  const { outcome } = job;
  if (outcome)
    lines.push(
      "",
      ...fields(
        [
          ...versionFields(outcome, style),
          ["gate", printable(outcome.gateVerdict)],
          ["ended", printable(outcome.ending?.reason || "as the spec says")],
          ["digest", outcome.digest],
          ["weights", outcome.weightsSha256],
        ],
        style,
      ),
    );
  const evaluations = job.progress?.evaluations ?? [];
  if (evaluations.length > 0) {
    // The others are for --output json.
    const metrics = mainMetrics.filter((name) =>
      evaluations.some((found) => found.metrics[name] !== undefined),
    );
    lines.push(
      "",
      ...table(
        [
          { title: "SPLIT" },
          { title: "STEP", align: "right" },
          ...metrics.map((name) => ({ title: name.toUpperCase(), align: "right" as const })),
        ],
        evaluations
          .slice(-mostEvaluations)
          .map(({ split, step, metrics: values }) => [
            split,
            String(step),
            ...metrics.map((name) => (values[name] === undefined ? "" : measure(values[name]))),
          ]),
        style,
      ),
    );
  }
  return lines;
}

/** The version whose weights are those before the first step. */
function parentText({ spec }: Job): string | undefined {
  const { model, version } = Object(spec?.training?.warmStart);
  return model === undefined ? undefined : printable(`${model} ${version}`);
}

/** Where it is not the usual one. */
function priorityText({ spec }: Job): string | undefined {
  return spec?.priority ? String(spec.priority) : undefined;
}

/** What is left of a training that was broken off. */
function checkpointText({ checkpoint }: Job): string | undefined {
  return checkpoint && `step ${checkpoint.step}: ${checkpoint.digests.join(", ")}`;
}

function tookText(from: Date | undefined, to: Date | undefined): string | undefined {
  return from && to ? duration(to.getTime() - from.getTime()) : undefined;
}

function versionFields({ model, version, alias }: Outcome, style: Style): Field[] {
  if (version === 0) return [["version", "none kept"]];
  return [
    ["version", `${printable(model)} ${version}`],
    ["alias", alias === "" ? style.yellow("none moved") : printable(alias)],
  ];
}
