/**
 * What a schema cannot say: fields that are right by themselves but do not fit each other.
 *
 * A check runs where every field it reads is sound, so that one answer names all faults at once.
 */
import type { Violation } from "@amaas/errors";
import { architectureChecks } from "./architecture-consistency.ts";
import { featureChecks } from "./feature-consistency.ts";
import { imageChecks } from "./image-consistency.ts";
import { isRecords, type JobSpec, type RecordsSpec } from "./job-spec.ts";
import { lossesOf } from "./loss-spec.ts";
import { isErrorMetric, type Metric, metricsOfTask } from "./metrics.ts";
import { splitChecks } from "./split-consistency.ts";
import { taskChecks } from "./task-consistency.ts";
import { trainingChecks } from "./training-consistency.ts";
import { urlChecks } from "./url-refs.ts";

export interface Check {
  /** Fields that `fault` relies on; the faulty one comes first. */
  readonly reads: readonly [string, ...string[]];
  /** What is wrong with the first of them, if anything is. */
  fault(spec: JobSpec): string | undefined;
}

const checks: readonly Check[] = [
  {
    reads: ["data.ignore", "data.format", "data.label"],
    fault: ({ data }) =>
      isRecords(data) && data.label !== undefined && data.ignore.includes(data.label)
        ? `names the label column ${JSON.stringify(data.label)}, wanted others`
        : undefined,
  },
  {
    reads: ["data.ignore", "data.format", "data.columns"],
    fault: ({ data }) => {
      if (!isRecords(data)) return undefined;
      const both = data.ignore.find((name) => Object.hasOwn(data.columns, name));
      return both === undefined
        ? undefined
        : `names ${JSON.stringify(both)}, which data.columns names too`;
    },
  },
  {
    reads: ["data.ignore", "data.format", "data.include"],
    fault: ({ data }) => {
      if (!isRecords(data)) return undefined;
      const both = data.ignore.find((name) => data.include?.includes(name));
      return both === undefined
        ? undefined
        : `names ${JSON.stringify(both)}, which data.include names too`;
    },
  },
  {
    reads: ["data.columns", "data.format", "data.label", "task"],
    fault: ({ data, task }) =>
      isRecords(data) && task === "regression" && declaredType(data) === "text"
        ? `makes the label column ${JSON.stringify(data.label)} text, regression wants numbers`
        : undefined,
  },
  ...urlChecks,
  ...featureChecks,
  ...splitChecks,
  {
    reads: ["training.batchSize", "training.virtualShards"],
    fault: ({ training: { batchSize, virtualShards } }) =>
      batchSize % virtualShards === 0
        ? undefined
        : `found ${batchSize}, wanted a multiple of training.virtualShards, which is ${virtualShards}`,
  },
  ...architectureChecks,
  ...trainingChecks,
  ...taskChecks,
  ...imageChecks,
  {
    reads: ["resources.workers", "training.virtualShards"],
    fault: ({ resources: { workers }, training: { virtualShards } }) =>
      workers <= virtualShards
        ? undefined
        : `found ${workers}, wanted at most ${virtualShards}, one for each virtual shard`,
  },
  {
    reads: ["training.loss.type", "training.loss", "task"],
    fault({ training: { loss }, task }) {
      const known = lossesOf(task);
      return known.includes(loss.type)
        ? undefined
        : `found "${loss.type}", wanted one of ${known.join(", ")} for ${task}`;
    },
  },
  {
    reads: ["evaluation.topK", "task"],
    fault: ({ evaluation, task }) =>
      evaluation.topK === undefined || task === "classification"
        ? undefined
        : `found ${evaluation.topK}, wanted none: ${task} has no classes`,
  },
  {
    reads: ["evaluation.slices", "data.format", "data"],
    fault({ evaluation: { slices }, data }) {
      if (slices.length === 0) return undefined;
      if (!isRecords(data))
        return `found ${slices.length}, wanted none: ${data.format} have no named columns`;
      const names = slices.map((slice) => (typeof slice === "string" ? slice : slice.column));
      const hidden = names.find((name) => name === data.label || data.ignore.includes(name));
      if (hidden !== undefined)
        return `names ${JSON.stringify(hidden)}, wanted columns that the model sees`;
      const twice = names.find((name, at) => names.indexOf(name) < at);
      return twice === undefined ? undefined : `names ${JSON.stringify(twice)} twice`;
    },
  },
  {
    reads: ["gate.metric", "task"],
    fault({ gate, task }) {
      const known: readonly Metric[] = metricsOfTask(task);
      return gate === undefined || known.includes(gate.metric)
        ? undefined
        : `found "${gate.metric}", wanted one of ${known.join(", ")} for ${task}`;
    },
  },
  {
    reads: ["gate.metric", "training.loss"],
    fault: ({ gate, training: { loss } }) =>
      gate?.metric === "quantileLoss" && loss.type !== "quantile"
        ? `found "quantileLoss", which wants training.loss.type quantile, not ${loss.type}`
        : undefined,
  },
  {
    reads: ["gate"],
    fault: ({ gate }) =>
      gate && gate.min === undefined && gate.max === undefined
        ? "has neither min nor max, wanted at least one"
        : undefined,
  },
  {
    reads: ["gate", "register"],
    fault: ({ gate, register }) =>
      gate && !register ? "found one, wanted none where register is false" : undefined,
  },
  {
    reads: ["gate.max", "gate"],
    fault: ({ gate }) =>
      gate && gate.max === undefined && gate.min !== undefined && isErrorMetric(gate.metric)
        ? `is missing, wanted the most that may be of ${gate.metric}: less of it is better`
        : undefined,
  },
  {
    reads: ["gate.min", "gate"],
    fault: ({ gate }) =>
      gate && gate.min === undefined && gate.max !== undefined && !isErrorMetric(gate.metric)
        ? `is missing, wanted the least that may be of ${gate.metric}: more of it is better`
        : undefined,
  },
  {
    reads: ["gate.min", "gate.max"],
    fault: ({ gate }) =>
      gate?.min !== undefined && gate.max !== undefined && gate.min > gate.max
        ? `found ${gate.min}, wanted at most gate.max, which is ${gate.max}`
        : undefined,
  },
];

/** Faults of a document whose fields are sound but for those in `known`. */
export function inconsistencies(
  document: unknown,
  known: readonly Violation[],
  among: readonly Check[] = checks,
): Violation[] {
  const sound = (field: string) => !known.some((fault) => overlap(fault.field, field));
  return among.flatMap(({ reads, fault }) => {
    // Every field that the check reads has the type that JobSpec gives it.
    const description = reads.every(sound) ? fault(document as JobSpec) : undefined;
    return description === undefined ? [] : [{ field: reads[0], description }];
  });
}

/** Whether one field is the other, or lies in it. */
function overlap(a: string, b: string): boolean {
  return within(a, b) || within(b, a);
}

function within(field: string, outer: string): boolean {
  if (outer === "" || field === outer) return true;
  return field.startsWith(outer) && /^[.[]/.test(field.slice(outer.length));
}

/** Of the label. */
function declaredType({ columns, label }: RecordsSpec) {
  return label !== undefined && Object.hasOwn(columns, label) ? columns[label]?.type : undefined;
}
