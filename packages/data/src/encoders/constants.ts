/** Constants of graphs, and what parts have in common. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { missingSpellings } from "../cell.ts";
import type { Part } from "./encoder.ts";

/** FP32 [1, n] */
export function floats(g: GraphBuilder, values: ArrayLike<number>): Value {
  return g.constant(tensor("FP32", [1, values.length], Float32Array.from(values)));
}

/** FP64 [1, n] */
export function doubles(g: GraphBuilder, values: ArrayLike<number>): Value {
  return g.constant(tensor("FP64", [1, values.length], Float64Array.from(values)));
}

/** INT64 [1, n] */
export function integers(g: GraphBuilder, values: readonly number[]): Value {
  return g.constant(tensor("INT64", [1, values.length], BigInt64Array.from(values, BigInt)));
}

/** BYTES [1, n] */
export function texts(g: GraphBuilder, values: readonly string[]): Value {
  return g.constant(tensor("BYTES", [1, values.length], [...values]));
}

/** [rows, n] side by side. */
export function join(g: GraphBuilder, values: readonly Value[]): Value {
  const [first] = values;
  return first && values.length === 1 ? first : g.concat(values, 1);
}

/** 1 where a text is missing, FP32 [rows, 1]; a request may spell that in any way that the data might. */
export function missingText(g: GraphBuilder, value: Value): Value {
  const spelled = g.cast(g.equal(value, texts(g, missingSpellings)), "FP32");
  return g.reduceMax(spelled, [1]);
}

/** A flag for each of 0 … count - 1: FP32 [rows, count] of INT64 [rows, 1]. */
export function flagsOf(g: GraphBuilder, code: Value, count: number): Value {
  return g.cast(g.equal(code, integers(g, [...Array(count).keys()])), "FP32");
}

export function missingFlag(name: string, value: Value): Part {
  return { value, names: [`${name} is missing`] };
}

/** As messages and names of features show them. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}
