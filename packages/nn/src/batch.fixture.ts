/** Weights and micro-batches for the tests: random, but always the same. */
import { hashKey, uniform } from "@amaas/random";
import type { Task } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { initialValues, layout, type Network } from "./index.ts";

export interface BatchSize {
  readonly features: number;
  readonly outputs: number;
  readonly batch: number;
  /** Rows that are samples; the others are padding. */
  readonly samples: number;
}

export function randomFloats(purpose: string, length: number): Float32Array {
  const key = hashKey(purpose);
  return Float32Array.from({ length }, (_, index) => 2 * uniform(key, index) - 1);
}

/** Each parameter as a range of one vector. */
export function parametersIn(network: Network, vector: Float32Array): Record<string, Tensor> {
  return Object.fromEntries(
    layout(network.parameters).map(({ name, shape, offset, length }) => [
      name,
      tensor("FP32", shape, vector.subarray(offset, offset + length)),
    ]),
  );
}

/** Initial weights, with biases that are not all zero. */
export function someWeights(network: Network): Float32Array {
  const vector = initialValues(network.parameters, 1);
  const noise = randomFloats("weights", vector.length);
  return vector.map((value, index) => value + 0.1 * noise[index]!);
}

export function someBatch(task: Task, size: BatchSize): Record<string, Tensor> {
  const { features, outputs, batch, samples } = size;
  const labels =
    task === "classification"
      ? tensor(
          "INT32",
          [batch],
          Int32Array.from({ length: batch }, (_, i) => (i * 7) % outputs),
        )
      : tensor("FP32", [batch], randomFloats("labels", batch));
  return {
    features: tensor("FP32", [batch, features], randomFloats("features", batch * features)),
    labels,
    mask: tensor(
      "FP32",
      [batch],
      Float32Array.from({ length: batch }, (_, i) => Number(i < samples)),
    ),
  };
}
