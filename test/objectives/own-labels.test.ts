/** Contrastive losses and 50 steps of a small GPT against PyTorch's, in float64 there and in float32 here. */
import { join } from "node:path";
import { gradient } from "@amaas/autodiff";
import { openSession } from "@amaas/engine";
import { graphBuilder, modelOf, writeModel } from "@amaas/graph";
import {
  buildNetwork,
  infoNce,
  klDivergence,
  layout,
  networkSize,
  trainingGraph,
  tripletMargin,
} from "@amaas/nn";
import { createOptimizer } from "@amaas/optim";
import { parseArchitecture, parseJobSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { type ArrayRef, readPacked } from "../gradients/packed.ts";

interface ContrastiveCase {
  readonly name: "infoNce" | "tripletMargin" | "klDivergence";
  readonly options: { readonly temperature?: number; readonly margin?: number };
  readonly inputs: readonly ArrayRef[];
  readonly losses: ArrayRef;
  readonly gradients: readonly ArrayRef[];
}

const { header, array } = readPacked<{
  readonly contrastive: readonly ContrastiveCase[];
  readonly gpt: {
    readonly architecture: object;
    readonly optimizer: object;
    readonly labelSmoothing: number;
    readonly vocabulary: number;
    readonly start: Readonly<Record<string, ArrayRef>>;
    readonly ids: ArrayRef;
    readonly losses: ArrayRef;
  };
}>(join(import.meta.dirname, "fixtures/own-labels.bin.br"));

const numbers = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);

function expectClose(found: Tensor | undefined, wanted: Tensor, tolerance: number): void {
  expect(found?.data).toHaveLength(wanted.data.length);
  const expected = numbers(wanted);
  const size = Math.max(1, ...expected.map(Math.abs));
  for (const [at, value] of numbers(found).entries())
    expect(Math.abs(value - expected[at]!) / size, `element ${at}`).toBeLessThan(tolerance);
}

test.each(header.contrastive)("$name $options has PyTorch's losses and gradients", async (one) => {
  const inputs = one.inputs.map(array);
  const g = graphBuilder(one.name);
  const names = inputs.map((_, at) => `x${at}`);
  const x = inputs.map(({ shape }, at) => g.input(names[at]!, "FP32", shape));
  const { temperature = 1, margin = 1 } = one.options;
  const losses = {
    infoNce: () => infoNce(g, x[0]!, x[1]!, { temperature }),
    tripletMargin: () => tripletMargin(g, x[0]!, x[1]!, x[2]!, { margin }),
    klDivergence: () => klDivergence(g, x[0]!, x[1]!),
  }[one.name]();
  g.output("losses", losses);
  g.output("loss", g.reduceSum(losses, undefined, { keepdims: false }));
  const wrt = names.slice(0, one.gradients.length);
  const session = await openSession(
    writeModel(modelOf(gradient(g.build(), { loss: "loss", wrt }))),
  );
  const found = await session.run(
    Object.fromEntries(inputs.map((value, at) => [names[at]!, value])),
  );
  await session.release();
  expectClose(found.losses, array(one.losses), 2e-6);
  for (const [at, ref] of one.gradients.entries())
    expectClose(found[`grad/${names[at]}`], array(ref), 5e-6);
});

test("a small GPT has PyTorch's losses over 50 steps", { timeout: 120_000 }, async () => {
  const { architecture, optimizer: adam, labelSmoothing, vocabulary, start } = header.gpt;
  const ids = array(header.gpt.ids);
  const [steps = 0, batch = 0, width = 0] = ids.shape;
  const loss = { type: "cross-entropy", labelSmoothing } as const;
  const aim = { task: "language-modeling", loss, batch } as const;
  const size = networkSize(aim, { width, classes: 0, vocabulary });
  const network = buildNetwork(parseArchitecture(architecture), size);
  const places = layout(network.parameters);
  expect(places.map(({ name }) => name)).toEqual(Object.keys(start).sort());
  const count = places.reduce((sum, { length }) => sum + length, 0);
  const [weights, derived] = [new Float32Array(count), new Float32Array(count)];
  for (const { name, offset } of places) weights.set(numbers(array(start[name]!)), offset);
  const views = (vector: Float32Array, prefix = "") =>
    Object.fromEntries(
      places.map(({ name, shape, offset, length }) => [
        prefix + name,
        tensor("FP32", shape, vector.subarray(offset, offset + length)),
      ]),
    );
  const { training } = parseJobSpec({
    name: "gpt",
    task: "language-modeling",
    data: { format: "text", file: "a.txt" },
    architecture,
    training: { epochs: 1, batchSize: 8, optimizer: adam },
  });
  const optimizer = createOptimizer(training.optimizer);
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(count));
  const session = await openSession(writeModel(trainingGraph(network, aim)));
  const sums = tensor("FP32", [1], new Float32Array(1));
  const mask = tensor("FP32", [batch], new Float32Array(batch).fill(1));
  let scalars = optimizer.scalars();
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = Float32Array.from(
      ids.data.slice(step * batch * width, (step + 1) * batch * width),
      Number,
    );
    const feeds = { features: tensor("FP32", [batch, width], rows), mask, ...views(weights) };
    await session.run(feeds, { sums, ...views(derived, "grad/") });
    losses.push(Number(sums.data[0]) / batch);
    scalars = optimizer.advance(scalars);
    optimizer.update({ weights, gradient: derived, slots }, batch, scalars);
  }
  await session.release();
  const wanted = numbers(array(header.gpt.losses));
  for (const [step, value] of losses.entries())
    expect(Math.abs(value - wanted[step]!) / wanted[step]!, `step ${step}`).toBeLessThan(1e-4);
  // It learns: the curve is no flat line that anything would follow.
  expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
});
