/**
 * Networks against PyTorch's own modules, in float64: what they put out, and the loss of each of 50 steps of training
 * from the same weights on the same batches.
 *
 * Ours computes in float32, which is all the difference that there may be; it grows as the training goes on.
 */
import { join } from "node:path";
import { openSession } from "@amaas/engine";
import { type Model, modelOf, writeModel } from "@amaas/graph";
import { buildNetwork, layout, type Network, trainingGraph } from "@amaas/nn";
import { createOptimizer } from "@amaas/optim";
import { parseArchitecture, parseJobSpec } from "@amaas/spec";
import { elementCount, type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test, vi } from "vitest";
import { type GeneratedSpec, generated } from "../gradients/generated.ts";
import { type ArrayRef, readPacked } from "../gradients/packed.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 180_000 });

interface Header {
  readonly batch: number;
  readonly batches: number;
  readonly classes: number;
  readonly cases: readonly {
    readonly name: string;
    readonly architecture: object;
    readonly shape: readonly number[];
    readonly vocabulary?: number;
    readonly optimizer: object;
    readonly parameters: readonly (GeneratedSpec & { readonly name: string })[];
    readonly samples: ArrayRef;
    readonly labels: ArrayRef;
    readonly outputs: ArrayRef;
    readonly losses: ArrayRef;
  }[];
}

const { header, array } = readPacked<Header>(join(import.meta.dirname, "fixtures/networks.bin.br"));
const { batch, batches, classes } = header;
const numbers = (value: Tensor | undefined): number[] => Array.from(value?.data ?? [], Number);

/** Difference by the size of what was wanted, or of 1. */
function worst(found: readonly number[], wanted: readonly number[]): number {
  expect(found).toHaveLength(wanted.length);
  return Math.max(
    ...wanted.map((value, i) => Math.abs(found[i]! - value) / Math.max(1, Math.abs(value))),
  );
}

function optimizerOf(optimizer: object) {
  const { training } = parseJobSpec({
    name: "case",
    task: "classification",
    data: { format: "arrays", features: "x.npy", labels: "y.npy" },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer },
  });
  return createOptimizer(training.optimizer);
}

function views(network: Network, vector: Float32Array, prefix = ""): Record<string, Tensor> {
  const parts = layout(network.parameters).map(({ name, shape, offset, length }) => [
    prefix + name,
    tensor("FP32", shape, vector.subarray(offset, offset + length)),
  ]);
  return Object.fromEntries(parts);
}

describe.each(header.cases)("$name", (given) => {
  const { name, shape, vocabulary } = given;
  const features = elementCount(shape);
  const network = buildNetwork(parseArchitecture(given.architecture), {
    features,
    outputs: classes,
    ...(shape.length > 1 && { shape }),
    ...(vocabulary !== undefined && { vocabulary }),
  });
  const samples = numbers(array(given.samples));
  const labels = numbers(array(given.labels));
  const start = () => {
    const weights = new Float32Array(
      given.parameters.reduce((n, p) => n + elementCount(p.shape), 0),
    );
    const specs = new Map(given.parameters.map((spec) => [spec.name, spec]));
    for (const [parameter, view] of Object.entries(views(network, weights)))
      (view.data as Float32Array).set(generated(name, parameter, specs.get(parameter)!).data);
    return weights;
  };
  const feedsOf = (step: number) => {
    const from = (step % batches) * batch;
    const rows = samples.slice(from * features, (from + batch) * features);
    return {
      features: tensor("FP32", [batch, features], Float32Array.from(rows)),
      labels: tensor("INT32", [batch], Int32Array.from(labels.slice(from, from + batch))),
      mask: tensor("FP32", [batch], new Float32Array(batch).fill(1)),
    };
  };
  const open = (model: Model) => openSession(writeModel(model));

  test("has PyTorch's parameters", () => {
    const sorted = given.parameters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(layout(network.parameters).map(({ name, shape }) => ({ name, shape }))).toEqual(
      sorted.map(({ name, shape }) => ({ name, shape })),
    );
  });

  test("puts out what PyTorch does", async () => {
    const session = await open(modelOf(network.graph));
    const { features } = feedsOf(0);
    const { outputs } = await session.run({ features, ...views(network, start()) });
    await session.release();
    expect(worst(numbers(outputs), numbers(array(given.outputs)))).toBeLessThan(3e-6);
  });

  test("trains as PyTorch does, over 50 steps", async () => {
    const task = "classification";
    const loss = { type: "cross-entropy", labelSmoothing: 0 } as const;
    const session = await open(trainingGraph(network, { task, loss, batch }));
    const weights = start();
    const gradient = new Float32Array(weights.length);
    const sums = tensor("FP32", [1], new Float32Array(1));
    const places = { sums, ...views(network, gradient, "grad/") };
    const optimizer = optimizerOf(given.optimizer);
    const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(weights.length));
    let scalars = optimizer.scalars();
    const wanted = numbers(array(given.losses));
    const losses: number[] = [];
    for (let step = 0; step < wanted.length; step++) {
      await session.run({ ...feedsOf(step), ...views(network, weights) }, places);
      losses.push(sums.data[0]! / batch);
      scalars = optimizer.advance(scalars);
      optimizer.update({ weights, gradient, slots }, batch, scalars);
    }
    await session.release();
    expect(wanted.at(-1)).toBeLessThan(0.9 * wanted[0]!);
    expect(worst(losses, wanted)).toBeLessThan(1e-5);
  });
});
