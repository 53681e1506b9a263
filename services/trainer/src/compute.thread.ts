/**
 * A compute thread: gradients and evaluations of virtual shards, with sessions of its own.
 *
 * Weights, samples and results are in memory shared with the trainer's event loop. Buffers and
 * tensors are made once, so a step allocates nothing that grows with the model.
 */

import { openSession, type Session, serveThread } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import { randomKey } from "@amaas/nn";
import type { Parameter } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { addInto, allFinite, reduce, span, type TreeNode } from "@amaas/reduction";
import { type Tensor, tensor } from "@amaas/tensor";
import { divergenceError } from "./divergence.ts";
import { ReadAhead, type Slots } from "./read-ahead.ts";
import { openRows, type RowReader, type Samples } from "./row-reader.ts";
import type { Rows } from "./rows.ts";
import {
  evaluationLeaf,
  type LeafRows,
  randomKeyOf,
  type Sampling,
  trainingLeaf,
} from "./sampling.ts";

export interface ComputeSetup {
  readonly training: Uint8Array;
  readonly evaluation: Uint8Array;
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
  /** How many an evaluation has; a step has the first alone. */
  readonly sums: number;
  /** None where samples are their own labels. */
  readonly labels: "INT32" | "FP32" | undefined;
  readonly sampling: Sampling;
  /** The two versions, by parity. */
  readonly weights: readonly [SharedArrayBuffer, SharedArrayBuffer];
  /** What evaluations are of: the same, or averages of them. */
  readonly evaluated: readonly [SharedArrayBuffer, SharedArrayBuffer];
  readonly splits: { readonly training: Rows; readonly validation: Rows; readonly test: Rows };
  /** Where training samples are read ahead of their step. */
  readonly slots: Slots | undefined;
  /** float32 [parameterCount]: where the gradient of a node is left. */
  readonly result: SharedArrayBuffer;
}

/** Of a node: sums of loss and metrics, added in the tree. */
export interface Summary {
  readonly samples: number;
  readonly sums: number[];
}

/** What a thread's time went into, in milliseconds. */
export interface ComputeTimes {
  data: number;
  compute: number;
  reduce: number;
}

export interface StepSummary extends Summary {
  readonly times: ComputeTimes;
}

export interface ComputeApi {
  open(setup: ComputeSetup): Promise<void>;
  /** Leaves the node's gradient in `result`. */
  train(order: { version: number; node: TreeNode }): Promise<StepSummary>;
  evaluate(order: {
    version: number;
    split: "validation" | "test";
    leaf: number;
  }): Promise<Summary>;
}

type Feeds = Record<string, Tensor>;

interface Gradient extends Summary {
  readonly values: Float32Array;
}

/** The micro-batch that goes in; padding is zeros, masked out of every sum. */
interface Batch extends Samples {
  readonly mask: Float32Array;
}

class Compute {
  readonly #setup: ComputeSetup;
  readonly #readers: Readonly<Record<keyof ComputeSetup["splits"], RowReader>>;
  readonly #readAhead: ReadAhead | undefined;
  readonly #training: Session;
  readonly #evaluation: Session;
  readonly #batch: Batch;
  /** By parity of the version. */
  readonly #feeds: readonly [Feeds, Feeds];
  readonly #evaluationFeeds: readonly [Feeds, Feeds];
  /** The key of a step's random numbers, which is fed where it draws any. */
  readonly #random = new Uint32Array(2);
  /** Of one micro-batch: the loss that a step tells, and what an evaluation adds up. */
  readonly #loss = new Float32Array(1);
  readonly #lossTensor = tensor("FP32", [1], this.#loss);
  readonly #sums: Float32Array;
  readonly #sumsTensor: Tensor;
  /** Where the gradient of a node is left. */
  readonly #result: Float32Array;
  /** Other gradient vectors that are not in use, and the output tensors of all of them. */
  readonly #idle: Float32Array[] = [];
  readonly #fetches = new Map<Float32Array, Feeds>();

  static async open(setup: ComputeSetup): Promise<Compute> {
    const training = await openSession(setup.training);
    return new Compute(setup, training, await openSession(setup.evaluation));
  }

  private constructor(setup: ComputeSetup, training: Session, evaluation: Session) {
    this.#setup = setup;
    const { splits, slots } = setup;
    this.#readers = {
      training: openRows(splits.training),
      validation: openRows(splits.validation),
      test: openRows(splits.test),
    };
    this.#readAhead = slots && new ReadAhead(slots, setup.sampling);
    this.#result = new Float32Array(setup.result);
    this.#training = training;
    this.#evaluation = evaluation;
    const { microBatch } = setup.sampling;
    const { width } = splits.training;
    const labels =
      setup.labels === "INT32" ? new Int32Array(microBatch) : new Float32Array(microBatch);
    const mask = new Float32Array(microBatch);
    const bits = new Int32Array(labels.buffer);
    this.#batch = { features: new Float32Array(microBatch * width), labels: bits, mask };
    const inputs: Feeds = {
      features: tensor("FP32", [microBatch, width], this.#batch.features),
      ...(setup.labels && { labels: tensor(setup.labels, [microBatch], labels) }),
      mask: tensor("FP32", [microBatch], mask),
    };
    const feeds = ([even, odd]: ComputeSetup["weights"], given: Feeds): [Feeds, Feeds] => [
      { ...this.#views(new Float32Array(even)), ...given },
      { ...this.#views(new Float32Array(odd)), ...given },
    ];
    const draws = training.inputs.some(({ name }) => name === randomKey);
    const key = tensor("UINT32", [2], this.#random);
    this.#feeds = feeds(setup.weights, draws ? { ...inputs, [randomKey]: key } : inputs);
    this.#evaluationFeeds = feeds(setup.evaluated, inputs);
    this.#sums = new Float32Array(setup.sums);
    this.#sumsTensor = tensor("FP32", [setup.sums], this.#sums);
  }

  async train(version: number, node: TreeNode): Promise<StepSummary> {
    const { sampling } = this.#setup;
    const times: ComputeTimes = { data: 0, compute: 0, reduce: 0 };
    let at = performance.now();
    const lap = (part: keyof ComputeTimes): void => {
      const now = performance.now();
      times[part] += now - at;
      at = now;
    };
    // Sums are made in the place of their left part: the node's, where it is to be left.
    const [first] = span(node, sampling.leaves);
    const leaf = (index: number) =>
      this.#gradientOf(version, index, index === first ? this.#result : this.#take(), lap);
    const add = (left: Gradient, right: Gradient): Gradient => {
      const sum = this.#add(left, right);
      lap("reduce");
      return sum;
    };
    const { values, samples, sums } = await reduce(node, sampling.leaves, leaf, add);
    if (!sums.every(Number.isFinite) || !allFinite(values)) await this.#refuse(version, node);
    lap("reduce");
    return { samples, sums, times };
  }

  /** Of one virtual shard; `lap` is told whenever a part of it is done. */
  async #gradientOf(
    version: number,
    leaf: number,
    values: Float32Array,
    lap: (part: "data" | "compute") => void = () => undefined,
  ): Promise<Gradient> {
    const { sampling } = this.#setup;
    const ahead = this.#readAhead?.take(version, leaf, this.#batch);
    const samples = ahead ?? this.#read("training", trainingLeaf(sampling, version, leaf));
    this.#mask(samples);
    this.#random.set(randomKeyOf(sampling, version, leaf));
    lap("data");
    await this.#training.run(this.#feeds[parity(version)], this.#fetchesOf(values));
    lap("compute");
    return { values, samples, sums: Array.from(this.#loss) };
  }

  /** Looks for the virtual shard that is at fault, of those whose sum has been found to be. */
  async #refuse(version: number, node: TreeNode): Promise<never> {
    const { sampling, parameters } = this.#setup;
    const [from, to] = span(node, sampling.leaves);
    for (let leaf = from; leaf < to; leaf++) {
      const { values, sums } = await this.#gradientOf(version, leaf, this.#result);
      const gradients = parameters.map(({ name, dims, offset }) => {
        const length = dims.reduce((product, dim) => product * dim, 1);
        return [name, values.subarray(offset, offset + length)];
      });
      const error = divergenceError({
        step: version,
        leaf,
        loss: sums[0] ?? Number.NaN,
        samples: Array.from(trainingLeaf(sampling, version, leaf)),
        gradients: Object.fromEntries(gradients),
      });
      if (error) throw error;
    }
    throw new DomainError(
      "failed-precondition",
      `step ${version}: the sum of the gradients of virtual shards ${from} to ${to - 1} is not finite, though each of them is`,
    );
  }

  async evaluate(version: number, split: "validation" | "test", leaf: number): Promise<Summary> {
    const rows = this.#setup.splits[split];
    const { microBatch, leaves } = this.#setup.sampling;
    const sums = Array.from(this.#sums, () => 0);
    let samples = 0;
    for (const batch of evaluationLeaf({ rows: rows.count, microBatch, leaves }, leaf)) {
      this.#mask(this.#read(split, batch));
      await this.#evaluation.run(this.#evaluationFeeds[parity(version)], {
        sums: this.#sumsTensor,
      });
      this.#sums.forEach((value, i) => {
        sums[i] = (sums[i] ?? 0) + value;
      });
      samples += batch.length;
    }
    return { samples, sums };
  }

  #add(left: Gradient, right: Gradient): Gradient {
    const { values } = left;
    addInto(values, right.values);
    this.#idle.push(right.values);
    const sums = left.sums.map((value, i) => value + (right.sums[i] ?? 0));
    return { values, samples: left.samples + right.samples, sums };
  }

  #take(): Float32Array {
    return this.#idle.pop() ?? new Float32Array(this.#setup.parameterCount);
  }

  #fetchesOf(gradient: Float32Array): Feeds {
    const known = this.#fetches.get(gradient);
    if (known) return known;
    const views = Object.entries(this.#views(gradient)).map(([name, view]) => [
      `grad/${name}`,
      view,
    ]);
    const fetches: Feeds = { ...Object.fromEntries(views), sums: this.#lossTensor };
    this.#fetches.set(gradient, fetches);
    return fetches;
  }

  /** The parameters as tensors over one vector. */
  #views(vector: Float32Array): Feeds {
    const views = this.#setup.parameters.map(({ name, dims, offset }) => {
      const length = dims.reduce((product, dim) => product * dim, 1);
      return [name, tensor("FP32", dims, vector.subarray(offset, offset + length))];
    });
    return Object.fromEntries(views);
  }

  /** Answers how many samples they are. */
  #read(split: keyof ComputeSetup["splits"], rows: LeafRows): number {
    this.#readers[split].read(rows, this.#batch);
    return rows.length;
  }

  #mask(samples: number): void {
    this.#batch.mask.fill(1, 0, samples).fill(0, samples);
  }
}

const parity = (version: number): 0 | 1 => (version % 2 === 0 ? 0 : 1);

let compute: Compute | undefined;

function opened(): Compute {
  if (!compute) throw new Error("the compute thread was asked to work before it was set up");
  return compute;
}

serveThread<ComputeApi>({
  async open(setup) {
    compute = await Compute.open(setup);
  },
  train: ({ version, node }) => opened().train(version, node),
  evaluate: ({ version, split, leaf }) => opened().evaluate(version, split, leaf),
});
