/** Derived gradients held to slopes, for the tests. */
import { openSession } from "@amaas/engine";
import { evaluate, type Model, type NDArray, ndarray, writeModel } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import { expect } from "vitest";
import { layout, type Network } from "./index.ts";

/** The derived gradients in float32 against slopes of the interpreter's loss in float64. */
export async function expectGradients(
  network: Network,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  weights: Float32Array,
): Promise<void> {
  const session = await openSession(writeModel(model));
  const outputs = await session.run(feeds).finally(() => session.release());
  const loss = (vector: Float64Array) => {
    const parameters: Record<string, NDArray> = Object.fromEntries(
      layout(network.parameters).map(({ name, shape, offset, length }) => [
        name,
        ndarray("FP32", shape, vector.subarray(offset, offset + length)),
      ]),
    );
    return Number(evaluate(model.graph, { ...feeds, ...parameters }).sums?.data[0]);
  };
  const step = 1e-5;
  for (const { name, offset, length } of layout(network.parameters)) {
    const found = Array.from(outputs[`grad/${name}`]?.data ?? [], Number);
    // Each of a few, and some of many: the reference is slow.
    for (let i = 0; i < length; i += Math.ceil(length / 7)) {
      const at = (change: number) =>
        loss(Float64Array.from(weights, (w, j) => (j === offset + i ? w + change : w)));
      const slope = (at(step) - at(-step)) / (2 * step);
      expect(Math.abs(found[i]! - slope), `${name}[${i}]`).toBeLessThan(
        5e-6 * Math.max(1, Math.abs(slope)),
      );
    }
  }
}
