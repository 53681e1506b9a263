/**
 * Numbers of which the spec says nothing, all at once: the median where one is missing, less the mean, over
 * the deviation; and a flag for each column that misses some. A column that does not vary becomes 0.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { medianOf, scaleOf } from "../statistics.ts";
import { floats, join } from "./constants.ts";
import type { Part } from "./encoder.ts";

export interface NumberColumn {
  readonly name: string;
  readonly value: Value;
  /** Of the training rows. */
  readonly data: Float32Array;
}

export function plainNumbers(g: GraphBuilder, columns: readonly NumberColumn[]): readonly Part[] {
  if (columns.length === 0) return [];
  const fills = columns.map(({ data }) => medianOf(data));
  const scales = columns.map(({ data }, index) => scaleOf(filled(data, fills[index] ?? 0)));
  const means = scales.map(({ mean }) => mean);
  const deviations = scales.map(({ deviation }) => deviation);
  const x = join(
    g,
    columns.map(({ value }) => value),
  );
  const missing = g.isNaN(x);
  const centred = g.sub(g.where(missing, floats(g, fills), x), floats(g, means));
  const names = columns.map(({ name }) => name);
  const scaled = { value: g.div(centred, floats(g, deviations)), names };
  const flagged = [...columns.keys()].filter((index) => columns[index]?.data.some(Number.isNaN));
  if (flagged.length === 0) return [scaled];
  const flags = g.cast(g.gather(missing, g.ints(flagged), 1), "FP32");
  return [scaled, { value: flags, names: flagged.map((index) => `${names[index]} is missing`) }];
}

export function filled(values: Float32Array, fill: number): Float32Array {
  return values.map((value) => (Number.isNaN(value) ? fill : value));
}
