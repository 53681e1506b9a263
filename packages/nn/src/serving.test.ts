import { openSession } from "@amaas/engine";
import { graphBuilder, type Model, withInitializers, writeModel } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { parametersIn, someWeights } from "./batch.fixture.ts";
import { buildNetwork, type Network, type ServingOptions, servingGraph } from "./index.ts";

/** Takes a column of numbers and one of text to three features. */
function columns(): Model {
  const g = graphBuilder("columns");
  const age = g.input("age", "FP32", ["rows", 1]);
  const colour = g.input("colour", "BYTES", ["rows", 1]);
  const known = g.constant(tensor("BYTES", [1, 2], ["blue", "red"]));
  g.output("features", g.concat([age, g.cast(g.equal(colour, known), "FP32")], 1));
  return g.model();
}

const rows = {
  age: tensor("FP32", [3, 1], Float32Array.of(-1, 0, 2)),
  colour: tensor("BYTES", [3, 1], ["red", "blue", "green"]),
};

async function serve(network: Network, options: ServingOptions) {
  const weights = new Map(Object.entries(parametersIn(network, someWeights(network))));
  const model = withInitializers(servingGraph(columns(), network, options), weights);
  return openSession(writeModel(model));
}

const classifier = buildNetwork(
  { type: "mlp", hidden: [4], activation: "tanh" },
  { features: 3, outputs: 3 },
);

test("a classifier answers raw columns with labels and probabilities", async () => {
  const session = await serve(classifier, { task: "classification", classes: ["a", "b", "c"] });
  expect(session.inputs).toEqual([
    { name: "age", type: "FP32", shape: ["rows", 1] },
    { name: "colour", type: "BYTES", shape: ["rows", 1] },
  ]);
  expect(session.outputs).toEqual([
    { name: "label", type: "BYTES", shape: ["rows"] },
    { name: "probabilities", type: "FP32", shape: ["rows", 3] },
  ]);
  const { label, probabilities } = await session.run(rows);
  const values = Array.from(probabilities!.data, Number);
  for (const [row, name] of Array.from(label!.data, String).entries()) {
    const ofRow = values.slice(3 * row, 3 * row + 3);
    expect(ofRow.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    expect(ofRow.every((p) => p > 0)).toBe(true);
    expect(name).toBe(["a", "b", "c"][ofRow.indexOf(Math.max(...ofRow))]);
  }
});

test("classes that are whole numbers come back as numbers, others as text", async () => {
  const typeFor = async (classes: (string | number)[]) =>
    (await serve(classifier, { task: "classification", classes })).outputs[0]?.type;
  expect(await typeFor([3, 5, 8])).toBe("INT64");
  expect(await typeFor([0.5, 1, 2])).toBe("BYTES");
  expect(await typeFor(["1", 2, 3])).toBe("BYTES");
});

test("a regressor answers in the units of the labels", async () => {
  const network = buildNetwork({ type: "linear" }, { features: 3, outputs: 1 });
  const plain = await (await serve(network, { task: "regression" })).run(rows);
  const labelScale = { mean: 100, deviation: 20 };
  const scaled = await (await serve(network, { task: "regression", labelScale })).run(rows);
  expect(scaled.prediction?.shape).toEqual([3]);
  scaled.prediction?.data.forEach((value, i) => {
    expect(value).toBeCloseTo(Number(plain.prediction?.data[i]) * 20 + 100, 4);
  });
});

test("probabilities survive logits of any size", async () => {
  const g = graphBuilder("as they are");
  g.output("features", g.identity(g.input("x", "FP32", ["n", 2])));
  const network = buildNetwork({ type: "linear" }, { features: 2, outputs: 2 });
  const model = servingGraph(g.model(), network, { task: "classification", classes: [0, 1] });
  const session = await openSession(writeModel(model));
  const { probabilities } = await session.run({
    x: tensor("FP32", [2, 2], Float32Array.of(1e30, -1e30, 3e4, 3e4)),
    "layer0/weight": tensor("FP32", [2, 2], Float32Array.of(1, 0, 0, 1)),
    "layer0/bias": tensor("FP32", [2], new Float32Array(2)),
  });
  expect(probabilities?.data).toEqual(Float32Array.of(1, 0, 0.5, 0.5));
});

test("what does not fit together is refused", () => {
  const classes = ["a", "b"];
  expect(() => servingGraph(columns(), classifier, { task: "classification", classes })).toThrow(
    "found 2 class names, wanted 3",
  );

  const g = graphBuilder("clash");
  const label = g.input("label", "FP32", ["n", 3]);
  g.output("features", g.identity(label));
  const clash = () =>
    servingGraph(g.model(), classifier, { task: "classification", classes: [1, 2, 3] });
  expect(clash).toThrow("found inputs named label, wanted other names");

  const none = graphBuilder("none").model();
  expect(() => servingGraph(none, classifier, { task: "classification" })).toThrow(
    "found 0 outputs of the data's graph, wanted 1",
  );
});
