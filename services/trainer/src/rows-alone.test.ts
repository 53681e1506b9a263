/** Networks of files that look at more than one row at a time are found out, by rows of the data. */
import { graphBuilder, type Value } from "@amaas/graph";
import { buildNetwork, initialValues } from "@amaas/nn";
import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { requireRowsAlone } from "./rows-alone.ts";

const spec = parseArchitecture({ type: "onnx", file: "a.onnx" });

type Change = (g: ReturnType<typeof graphBuilder>, x: Value) => Value;

function probe(change: Change, rows: readonly (readonly number[])[]): Promise<void> {
  const g = graphBuilder("file");
  const x = g.input("x", "FP32", ["N", 2]);
  const weight = g.initializer("w", tensor("FP32", [2, 2], Float32Array.of(1, 2, 3, 4)));
  g.output("y", g.matMul(change(g, x), weight));
  const network = buildNetwork(spec, { features: 2, outputs: 2 }, g.model());
  const features = tensor("FP32", [rows.length, 2], Float32Array.from(rows.flat()));
  return requireRowsAlone(network, initialValues(network.parameters, 0), features);
}

const rows = [
  [1, 2],
  [1, 2],
  [5, -3],
];
const centred: Change = (g, x) => g.sub(x, g.reduceMean(x, [0]));

test("a row by itself is as wanted", async () => {
  await probe((g, x) => g.tanh(x), rows);
});

test("a row less the mean of a batch is refused", async () => {
  await expect(probe(centred, rows)).rejects.toThrow(
    "architecture.file: what it makes of a row depends on those beside it, wanted each row by itself",
  );
});

test("what does not run is refused with the engine's words", async () => {
  const beyond: Change = (g, x) => g.gather(x, g.ints([0, 7]), 1);
  await expect(probe(beyond, rows)).rejects.toThrow("architecture.file: it does not run: ");
});
