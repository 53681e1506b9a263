/**
 * Labels: classes are sorted and numbered, values are kept as float32.
 */
import type { Labels } from "./dataset.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";

/** `values` are all text or all whole numbers. */
export function classLabels(
  values: Iterable<string | number>,
  field: string,
  limits: Limits,
): Labels {
  const distinct = new Set(values);
  if (distinct.size < 2)
    throw faultyData(field, `found ${distinct.size} class, wanted at least 2 to tell apart`);
  holdTo(limits.classes, distinct.size, field, "classes");
  const classes = [...distinct].sort(byOrder);
  const indices = new Map(classes.map((name, index) => [name, index]));
  return {
    kind: "class",
    classes,
    values: Int32Array.from(values, (value) => indices.get(value) ?? 0),
  };
}

export function valueLabels(values: ArrayLike<number>): Labels {
  return { kind: "value", values: Float32Array.from(values) };
}

/** Numbers by size, texts by code units: the same order everywhere, whatever the language. */
function byOrder(a: string | number, b: string | number): number {
  return a < b ? -1 : Number(a > b);
}
