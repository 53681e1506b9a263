/** Columns and features that do not fit each other, in the form of `consistency.ts`. */
import type { ColumnSpec, ColumnType, EncodeSpec } from "./column-spec.ts";
import type { Check } from "./consistency.ts";
import { isRecords, type JobSpec } from "./job-spec.ts";
import { hasLabels } from "./task-labels.ts";

/** What each encoding is of. */
const encoded: { readonly [E in EncodeSpec["type"]]: readonly ColumnType[] } = {
  scale: ["number"],
  buckets: ["number"],
  cycles: ["number", "text"],
  "one-hot": ["text"],
  ordinal: ["text"],
  category: ["text"],
  hash: ["text"],
  target: ["text"],
  "tf-idf": ["text"],
  tokens: ["text"],
};

export const featureChecks: readonly Check[] = [
  ofColumns((column, { type, encode }) => {
    if (!encode || encoded[encode.type].includes(type)) return undefined;
    const wanted = Object.entries(encoded).flatMap(([name, types]) =>
      types.includes(type) ? [name] : [],
    );
    return `${column}.encode.type is ${encode.type}, a ${type} wants one of ${wanted.join(", ")}`;
  }),
  ofColumns((column, { encode }, { data }) =>
    encode && "label" in data && JSON.stringify(data.label) === column
      ? `${column} is the label, which is not encoded`
      : undefined,
  ),
  ofColumns((column, { encode }) =>
    encode?.type === "scale" &&
    encode.min !== undefined &&
    encode.max !== undefined &&
    encode.min >= encode.max
      ? `${column}.encode.min is ${encode.min}, wanted less than max, which is ${encode.max}`
      : undefined,
  ),
  ofColumns((column, { encode }) => {
    if (encode?.type !== "buckets" || !encode.edges) return undefined;
    const { edges } = encode;
    const wrong = edges.findIndex((edge, index) => index > 0 && edge <= edges[index - 1]!);
    return wrong < 0
      ? undefined
      : `${column}.encode.edges has ${edges[wrong]} after ${edges[wrong - 1]}, wanted growing edges`;
  }),
  ofColumns((column, { encode }, { task }) =>
    encode?.type === "target" && !hasLabels(task)
      ? `${column}.encode.type is target, but ${task} has no labels`
      : undefined,
  ),
  {
    reads: ["features.crosses", "data.format", "data.label", "data.ignore"],
    fault({ features, data }) {
      const crosses = features?.crosses ?? [];
      if (crosses.length === 0) return undefined;
      if (!isRecords(data)) return `names columns, which ${data.format} data does not have`;
      const hidden = [data.label, ...data.ignore];
      const wrong = crosses.flatMap(({ columns }) => columns).find((name) => hidden.includes(name));
      return wrong === undefined
        ? undefined
        : `names ${JSON.stringify(wrong)}, which the model does not see`;
    },
  },
  {
    reads: ["features.select", "features"],
    fault: ({ features }) =>
      features?.select && features.select.keep === undefined && features.select.min === undefined
        ? "has neither keep nor min, wanted at least one"
        : undefined,
  },
  {
    reads: ["features.select.by", "features", "task"],
    fault: ({ features, task }) => {
      const by = features?.select?.by ?? "variance";
      return by === "variance" || hasLabels(task)
        ? undefined
        : `found "${by}", wanted variance: ${task} has no labels`;
    },
  },
];

/** The first column that something is wrong with. */
function ofColumns(
  fault: (name: string, column: ColumnSpec, spec: JobSpec) => string | undefined,
): Check {
  return {
    reads: ["data.columns", "data.format", "data.label", "task"],
    fault(spec) {
      if (!isRecords(spec.data)) return undefined;
      const faults = Object.entries(spec.data.columns).map(([name, column]) =>
        fault(JSON.stringify(name), column, spec),
      );
      return faults.find((found) => found !== undefined);
    },
  };
}
