/**
 * What the machine itself gives: the job's gradient, computed again and again by one thread, with
 * nothing exchanged. A process of its own, so that several run side by side as trainers do.
 */
import { openSession } from "@amaas/engine";
import { writeModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout, trainingGraph } from "@amaas/nn";
import { type Tensor, tensor } from "@amaas/tensor";
import { hidden } from "./jobs.ts";

const [batch = 64, seconds = 1] = process.argv.slice(2).map(Number);
const features = 784;
const network = buildNetwork(
  { type: "mlp", hidden: [...hidden], activation: "relu" },
  { features, outputs: 10 },
);
const model = trainingGraph(network, {
  task: "classification",
  loss: { type: "cross-entropy", labelSmoothing: 0 },
  batch,
});
const session = await openSession(writeModel(model));
const values = initialValues(network.parameters, 0);
const feeds: Record<string, Tensor> = {
  features: tensor(
    "FP32",
    [batch, features],
    Float32Array.from({ length: batch * features }, (_, i) => (i % 7) / 7),
  ),
  labels: tensor(
    "INT32",
    [batch],
    Int32Array.from({ length: batch }, (_, i) => i % 10),
  ),
  mask: tensor("FP32", [batch], new Float32Array(batch).fill(1)),
};
const fetches: Record<string, Tensor> = { sums: tensor("FP32", [1], new Float32Array(1)) };
for (const { name, shape, offset } of layout(network.parameters)) {
  const length = shape.reduce((product, dim) => product * dim, 1);
  feeds[name] = tensor("FP32", shape, values.subarray(offset, offset + length));
  fetches[`grad/${name}`] = tensor("FP32", shape, new Float32Array(length));
}

process.on("disconnect", () => process.exit());
await session.run(feeds, fetches);
process.send?.("open");
process.once("message", async () => {
  const began = performance.now();
  let runs = 0;
  for (; performance.now() - began < seconds * 1000; runs++) await session.run(feeds, fetches);
  process.send?.((runs * batch * 1000) / (performance.now() - began));
});
