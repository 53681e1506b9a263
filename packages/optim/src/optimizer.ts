/**
 * What an optimizer is: a rule that turns gradients into new weights, as a pure value.
 *
 * The state between steps is of two kinds, and the caller keeps both: `slots`, float32 vectors as
 * long as the weights that start at zero, and `scalars`, a few numbers shared by all of them. An
 * update of a vector in several ranges gives the same bits as an update of the whole, and the same
 * bits on every machine: the arithmetic is IEEE double, rounded to float32 where it is stored.
 */
import { DomainError } from "@amaas/errors";
import type { VectorSums } from "./kernel/vector-sums.ts";

/** Numbers that depend on the step alone; plain data, so that a checkpoint can hold them. */
export interface Scalars {
  /** Steps begun so far. */
  readonly step: number;
  /** Powers of decay rates and the like, by repeated multiplication: `Math.pow` differs between engines. */
  readonly powers: readonly number[];
}

/** A piece of the parameter vector with the same piece of everything that belongs to it. */
export interface ParameterRange {
  readonly weights: Float32Array;
  /** Sum of the gradients over the samples, not their mean. */
  readonly gradient: Float32Array;
  readonly slots: readonly Float32Array[];
}

export interface ReservedRange extends ParameterRange {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly gradient: Float32Array<ArrayBuffer>;
  readonly slots: readonly Float32Array<ArrayBuffer>[];
  /** As many more vectors as were asked for, or none where they are not to be had. */
  readonly spare: readonly Float32Array<ArrayBuffer>[];
  /** Sums of these, and of parts of them; not where they are elsewhere. */
  readonly sums?: VectorSums;
}

/** What a tensor's length is the root of, over all ranges. */
export interface TensorSquares {
  readonly weights: number;
  /** Of what `direct` left. */
  readonly direction: number;
}

export interface Optimizer {
  /** How many vectors of state it needs beside the weights. */
  readonly slots: number;
  /** The last of them is a mean of the weights, which the model is to have in their place. */
  readonly averages?: true;
  /** Before the first step. */
  scalars(): Scalars;
  /** From one step to the next; called once per step, before its updates. */
  advance(scalars: Scalars): Scalars;
  /**
   * A range of so many parameters, zeros, in memory where updates take it as it is, or any part of it. What is
   * elsewhere is updated just so, by way of copies. There is one such memory at a time, of at most 4 GiB; where it
   * cannot be had with spare vectors there are none, and where it cannot be had at all, this is elsewhere too.
   */
  reserve(length: number, spare?: number): ReservedRange;
  /**
   * Only where steps depend on the lengths of whole tensors, which no range knows: what comes before
   * `update`, and leaves the direction of the step in the place of the gradient.
   */
  direct?(range: ParameterRange, samples: number, scalars: Scalars): void;
  /**
   * One step on a range, in place, without allocating. The gradient is divided by the number of
   * samples, or by what clipping made of it. After `direct`, the range is of one tensor.
   */
  update(range: ParameterRange, samples: number, scalars: Scalars, squares?: TensorSquares): void;
}

/** Refuses a range whose parts do not fit together, before anything is written. */
export function checkRange(range: ParameterRange, slots: number, samples: number): void {
  const { length } = range.weights;
  if (range.gradient.length !== length)
    throw mismatch(`a gradient of ${range.gradient.length} values`, `${length}`);
  if (range.slots.length !== slots)
    throw mismatch(`${range.slots.length} vectors of optimizer state`, `${slots}`);
  for (const slot of range.slots)
    if (slot.length !== length)
      throw mismatch(`optimizer state of ${slot.length} values`, `${length}`);
  if (!(samples > 0)) throw mismatch(`a gradient over ${samples} samples`, "at least 1");
}

function mismatch(found: string, wanted: string): DomainError {
  return new DomainError("invalid-argument", `cannot update: found ${found}, wanted ${wanted}`);
}
