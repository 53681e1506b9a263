/** Language models of files as they are served, and served ones found in files again. */
import { evaluate, graphBuilder, type Model, readModel, writeModel } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { parametersIn } from "./batch.fixture.ts";
import {
  buildNetwork,
  type ClassName,
  initialValues,
  layout,
  type Network,
  servedLanguageModel,
  servingGraph,
} from "./index.ts";
import { cell, file, size } from "./language-file.fixture.ts";
import { networkOf } from "./onnx.fixture.ts";

const aim = {
  task: "language-modeling",
  loss: { type: "cross-entropy", labelSmoothing: 0 },
} as const;

const tokens = ["", "\uFFFD", "a", "b", "c"];
/** One token an element, to ids. */
function ofText(): Model {
  const g = graphBuilder("features");
  const text = g.input("tokens", "BYTES", ["rows", "time"]);
  const known = {
    keys_strings: ["", "a", "b", "c"],
    values_floats: [0, 2, 3, 4],
    default_float: 1,
  };
  g.output("features", g.node("LabelEncoder", [text], known, { domain: "ai.onnx.ml" }));
  return g.model();
}

/** Of ids as an array has them. */
function ofIds(): Model {
  const g = graphBuilder("features");
  const ids = g.input("input", "FP32", ["rows", "time"]);
  g.output("features", g.where(g.less(ids, g.scalar(5, ids)), ids, g.scalar(0, ids)));
  return g.model();
}

const served = (network: Network, features: Model, classes: readonly ClassName[] = tokens) => {
  const weights = initialValues(network.parameters, 0);
  const { graph } = servingGraph(features, network, { ...aim, classes });
  const values = layout(network.parameters).map(
    ({ name, shape, offset, length }) =>
      [name, tensor("FP32", shape, weights.slice(offset, offset + length))] as const,
  );
  const parameters = new Set(network.parameters.map(({ name }) => name));
  const whole = {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !parameters.has(name)),
    initializers: new Map([...graph.initializers, ...values]),
  };
  return readModel(writeModel({ graph: whole, metadata: {} }));
};
const ask = (model: Model, ...rows: string[][]) =>
  evaluate(model.graph, { tokens: tensor("BYTES", [rows.length, rows[0]!.length], rows.flat()) });

test("a file that is served takes prompts of any length, seeing the last tokens", () => {
  const model = served(networkOf(file({ places: 3 }), {}, size), ofText());
  const { probabilities } = ask(model, ["c", "b"]);
  const scores = [0, 1, 2, 3, 4].map((id) => cell("table", 5, 3, id) + cell("place", 5, 1, id));
  const each = scores.map(Math.exp);
  const sum = each.reduce((all, one) => all + one, 0);
  for (const [id, p] of Array.from(probabilities!.data, Number).entries())
    expect(p).toBeCloseTo(each[id]! / sum, 5);
  expect(ask(model, ["c", "b", ""]).probabilities).toEqual(probabilities);
  const whole = ask(model, ["a", "b", "c"]);
  expect(ask(model, ["b", "b", "c", "a", "b", "c"]).probabilities).toEqual(whole.probabilities);
});

test.each([
  [
    "the suite's own",
    () => buildNetwork({ type: "gpt", width: 4, heads: 1, layers: 1, tied: true }, size),
  ],
  ["a file's", () => networkOf(file({ places: 3 }), {}, size)],
])("one that is served is found again in its file, with its tokens: %s", (_, make) => {
  const before = make();
  const model = served(before, ofText());
  const found = servedLanguageModel(model.graph);
  expect(found).toEqual({
    output: expect.any(String),
    text: { input: "features", tokens: ["a", "b", "c"] },
  });
  const again = networkOf(model, {}, size);
  const names = ({ parameters }: typeof again) => layout(parameters).map(({ name }) => name);
  expect(names(again)).toEqual(names(before));
  expect(initialValues(again.parameters, 1)).toEqual(initialValues(before.parameters, 0));
  expect(ask(served(again, ofText()), ["b", "a"])).toEqual(ask(model, ["b", "a"]));
});

test("one of any number of tokens is gone on with at fewer, and at more is refused", () => {
  const gpt = buildNetwork({ type: "gpt", width: 4, heads: 1, layers: 1, tied: true }, size);
  const of = (places: number) => ({ ...size, features: places, shape: [places] });
  const model = served(gpt, ofText());
  expect(() => networkOf(model, {}, of(5))).toThrow(
    'architecture.output: "outputs" has scores at 3 places, found 5 tokens; data.context of a text',
  );
  expect(networkOf(model, {}, of(2)).graph.outputs[0]?.shape).toEqual(["batch", 2, 5]);
});

test("one of ids is found again where they go in", () => {
  const before = networkOf(file(), {}, size);
  const model = served(before, ofIds(), [0, 1, 2, 3, 4]);
  expect(servedLanguageModel(model.graph)).toEqual({ output: expect.any(String) });
  const again = networkOf(model, {}, size);
  expect(initialValues(again.parameters, 1)).toEqual(initialValues(before.parameters, 0));
  const features = tensor("FP32", [1, 3], Float32Array.of(1, 4, 2));
  const outputs = ({ graph, parameters }: Network) =>
    evaluate(graph, {
      features,
      ...parametersIn({ graph, parameters }, initialValues(parameters, 0)),
    });
  expect(outputs(again)).toEqual(outputs(before));
});

test("other files are none", () => {
  expect(servedLanguageModel(file().graph)).toBeUndefined();
});
