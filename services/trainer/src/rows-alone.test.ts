/** Networks of files that look at other rows, or at tokens that they should tell, are found out by rows of the data. */
import { graphBuilder, type Value } from "@amaas/graph";
import { buildNetwork, initialValues } from "@amaas/nn";
import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { requirePlacesBefore, requireRowsAlone } from "./rows-alone.ts";

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
  await expect(probe(beyond, rows)).rejects.toThrow(
    "architecture.file: it does not run on samples of 2 values: ",
  );
});

type Mix = (g: ReturnType<typeof graphBuilder>, x: Value) => Value;

/** Of three tokens at four places; `mix` is given what stands at each, FP32 [rows, 4, 2]. */
function probePlaces(mix: Mix, row = [0, 2, 1, 2]): Promise<void> {
  const g = graphBuilder("file");
  const ids = g.input("ids", "INT64", ["N", "T"]);
  const table = g.initializer("table", tensor("FP32", [3, 2], Float32Array.of(1, 2, 3, 5, 7, 11)));
  const out = g.initializer("out", tensor("FP32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  g.output("y", g.matMul(mix(g, g.gather(table, ids)), out));
  const size = { features: row.length, outputs: 3, vocabulary: 3, eachPlace: true };
  const network = buildNetwork(spec, size, g.model());
  const features = tensor("FP32", [1, row.length], Float32Array.from(row));
  return requirePlacesBefore(network, initialValues(network.parameters, 0), features, 3);
}

const shifted = (g: ReturnType<typeof graphBuilder>, x: Value, by: number) => {
  const pads = by > 0 ? [0, 0, 0, 0, by, 0] : [0, -by, 0, 0, 0, 0];
  const padded = g.node("Pad", [x, g.ints(pads)]);
  const [from, to] = by > 0 ? [by, 4 + by] : [0, 4];
  return g.node("Slice", [padded, g.ints([from]), g.ints([to]), g.ints([1])]);
};

test("a place may look at those before it", async () => {
  await probePlaces((g, x) => g.add(x, shifted(g, x, -1)));
  await probePlaces((_, x) => x, [2]);
});

test.each<[string, Mix]>([
  ["the next", (g, x) => g.add(x, shifted(g, x, 1))],
  ["the third after it", (g, x) => g.add(x, shifted(g, x, 3))],
  ["all of them", (g, x) => g.add(x, g.reduceMean(x, [1]))],
])("a place that looks at %s is refused", async (_, mix) => {
  await expect(probePlaces(mix)).rejects.toThrow(
    "architecture.file: what it tells at a place depends on those behind it, wanted a causal network",
  );
});
