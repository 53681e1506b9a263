/** Networks of files: which of their numbers are parameters, and what stands in their place. */
import { evaluate } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { parametersIn, someBatch, someWeights } from "./batch.fixture.ts";
import { expectGradients } from "./gradients.fixture.ts";
import { initialValues, layout, trainingGraph } from "./index.ts";
import { dense, floats, networkOf, normalised, size, tokens } from "./onnx.fixture.ts";

const namesOf = (more: object) => layout(networkOf(dense(), more).parameters).map((p) => p.name);

describe("parameters", () => {
  test("are the initializers of FP32, by their names or, where those are taken, others", () => {
    const whole = ["a.bias", "a.weight", "b.weight", "file/mask"];
    expect(namesOf({ output: "scores" })).toEqual(whole);
  });

  test("are those that patterns name, single numbers by their full names only", () => {
    expect(namesOf({ output: "scores", train: ["a.*"] })).toEqual(["a.bias", "a.weight"]);
    expect(namesOf({ output: "scores", train: ["*ale", "a.bias", "scale"] })).toEqual([
      "a.bias",
      "scale",
    ]);
  });

  test("start from what the file has, the others being constants", () => {
    const { parameters, graph } = networkOf(dense(), { output: "scores", train: ["a.weight"] });
    expect(initialValues(parameters, 3)).toEqual(floats([20], "a.weight").data);
    expect(graph.initializers.get("b.weight")).toEqual(floats([5, 3], "b.weight"));
  });

  test("start anew by what they are used for, whatever the file has", () => {
    const fresh = { output: "scores", initial: "fresh" };
    const { parameters } = networkOf(dense(), fresh);
    const inits = Object.fromEntries(parameters.map(({ name, init }) => [name, init]));
    expect(inits).toEqual({
      "a.weight": "glorot-uniform",
      "a.bias": "zeros",
      "b.weight": "glorot-uniform",
      "file/mask": "zeros",
    });
  });
});

describe("the graph", () => {
  test.each([
    [{ output: "scores" }],
    [{ head: { outputs: "replace" } }],
    [{ output: "scores", initial: "fresh", train: ["b.*"] }],
  ])("with %j has the gradients of differences", async (more) => {
    const network = networkOf(dense(), more);
    const aim = {
      task: "classification",
      loss: { type: "cross-entropy", labelSmoothing: 0 },
      batch: 3,
    } as const;
    const weights = someWeights(network);
    const batch = someBatch("classification", { ...size, batch: 3, samples: 2 });
    const feeds = { ...batch, ...parametersIn(network, weights) };
    await expectGradients(network, trainingGraph(network, aim), feeds, weights);
  });

  test("gives what the file gives, for any number of rows", () => {
    const network = networkOf(dense());
    const features = floats([6, 4], "rows");
    const weights = parametersIn(network, initialValues(network.parameters, 0));
    const { outputs } = evaluate(network.graph, { features, ...weights });
    expect(outputs).toEqual(evaluate(dense().graph, { x: features }).scores);
  });

  test("with a new head has a layer of its own in the place of the last one", () => {
    const { parameters } = networkOf(
      dense(),
      { head: { outputs: "replace" } },
      {
        ...size,
        outputs: 7,
      },
    );
    expect(layout(parameters).map(({ name, shape }) => [name, shape])).toEqual([
      ["a.bias", [5]],
      ["a.weight", [4, 5]],
      ["head/bias", [7]],
      ["head/weight", [5, 7]],
    ]);
  });

  test("normalises batches as in inference, by statistics that begin anew where weights do", () => {
    const normed = normalised(1);
    const shape = [1, 2, 2];
    const of = { features: 4, outputs: 4, shape };
    const features = floats([3, 4], "rows");
    const outputs = (initial: string) => {
      const { graph, parameters } = networkOf(normed, { initial }, of);
      const weights = Object.fromEntries(
        parameters.map(({ name }) => [name, tensor("FP32", [1], Float32Array.of(1))]),
      );
      return evaluate(graph, { features, ...weights }).outputs!;
    };
    const given = Array.from(features.data, Number);
    const expected = { file: given.map((x) => (x - 3) / 2 + 1), fresh: given.map((x) => x + 1) };
    for (const [initial, wanted] of Object.entries(expected))
      for (const [at, value] of Array.from(outputs(initial).data, Number).entries())
        expect(value).toBeCloseTo(wanted[at]!, 4);
    expect(networkOf(normed, {}, of).parameters.map(({ name }) => name)).toEqual(["scale", "bias"]);
  });

  test("takes tokens as the file's type has them", () => {
    const network = networkOf(tokens(), {}, { ...size, features: 2, outputs: 6, vocabulary: 5 });
    expect(network.parameters.map(({ name }) => name)).toEqual(["table"]);
    const features = tensor("FP32", [1, 2], Float32Array.of(4, 1));
    const table = floats([5, 3], "table");
    const { outputs } = evaluate(network.graph, { features, table });
    const rows = [4, 1].flatMap((id) => Array.from(table.data.slice(3 * id, 3 * id + 3), Number));
    expect(Array.from(outputs?.data ?? [], Number)).toEqual(rows);
  });
});
