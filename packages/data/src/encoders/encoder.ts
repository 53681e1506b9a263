/**
 * What an encoder is: it looks at a column's training rows, and writes down as a graph what becomes of the
 * column in any row.
 *
 * A feature must have the same bits in training and in serving, whatever rows it is computed beside. An
 * engine vectorizes the middle of an array and not its end, so encoders use only operators whose result is
 * one and the same either way: those that IEEE 754 rounds correctly (+ - * / sqrt), comparisons, look-ups,
 * whole numbers. No exp, log, sin, and no sum of floats over an axis.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { EncodeSpec } from "@amaas/spec";
import type { Labels } from "../dataset.ts";

/** A value FP32 [rows, width] of the graph. */
export interface Part {
  readonly value: Value;
  /** What each of its columns is called; as many as it is wide. */
  readonly names: readonly string[];
  /** Where its columns hold ids: how many there are, 0 among them. */
  readonly ids?: number;
  /** Where the part is the words of a text, in order: what each id stands for. */
  readonly tokens?: readonly string[];
  /** What the training rows have instead, row by row, where the label is part of it. */
  readonly training?: Float32Array;
}

export type ColumnData = Float32Array | readonly string[];

/** What an encoder is given; `data` and `labels` are of the training rows. */
export interface EncoderCall<S, D extends ColumnData = ColumnData> {
  readonly g: GraphBuilder;
  readonly name: string;
  /** FP32 or BYTES [rows, 1]; NaN or "" where it is missing. */
  readonly value: Value;
  readonly data: D;
  readonly spec: S;
  readonly labels: Labels;
}

export type NumberEncoder<S> = (call: EncoderCall<S, Float32Array>) => readonly Part[];
export type TextEncoder<S> = (call: EncoderCall<S, readonly string[]>) => readonly Part[];
export type AnyEncoder<S> = (call: EncoderCall<S>) => readonly Part[];

export type EncodeType = EncodeSpec["type"];
export type SpecOf<K extends EncodeType> = Extract<EncodeSpec, { readonly type: K }>;
