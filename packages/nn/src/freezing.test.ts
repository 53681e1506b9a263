import { evaluate } from "@amaas/graph";
import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { parametersIn, someWeights } from "./batch.fixture.ts";
import { identity } from "./identity.fixture.ts";
import {
  buildNetwork,
  evaluationGraph,
  freeze,
  initialValues,
  layout,
  servingGraph,
  trainingGraph,
} from "./index.ts";

const built = buildNetwork(parseArchitecture({ type: "mlp", hidden: [4, 3], dropout: 0.5 }), {
  features: 5,
  outputs: 2,
});
const values = someWeights(built);
const namesLeft = (patterns: readonly string[]) =>
  freeze(built, patterns, values).network.parameters.map(({ name }) => name);

test("patterns name parameters, * being anything", () => {
  expect(namesLeft(["layer0/*"])).toEqual([
    "layer1/weight",
    "layer1/bias",
    "layer2/weight",
    "layer2/bias",
  ]);
  expect(namesLeft(["*/bias", "layer2/weight"])).toEqual(["layer0/weight", "layer1/weight"]);
  expect(namesLeft(["layer*/w*t"])).toEqual(["layer0/bias", "layer1/bias", "layer2/bias"]);
  expect(namesLeft([])).toHaveLength(6);
});

test("a frozen parameter is a constant with its values, and has no gradient", () => {
  const { network, values: left } = freeze(built, ["layer0/*", "layer1/weight"], values);
  const whole = parametersIn(built, values);
  expect(parametersIn(network, left)).toEqual({
    "layer1/bias": whole["layer1/bias"],
    "layer2/weight": whole["layer2/weight"],
    "layer2/bias": whole["layer2/bias"],
  });
  const options = {
    task: "classification",
    loss: { type: "cross-entropy", labelSmoothing: 0 },
    batch: 2,
  } as const;
  const { graph } = trainingGraph(network, options);
  expect(graph.outputs.map(({ name }) => name)).toEqual([
    "sums",
    "grad/layer1/bias",
    "grad/layer2/weight",
    "grad/layer2/bias",
  ]);
  const serving = servingGraph(identity(5), network, { task: "classification", classes: [0, 1] });
  for (const name of ["layer0/weight", "layer0/bias", "layer1/weight"])
    expect(serving.graph.initializers.get(name)).toEqual(whole[name]);

  const batch = {
    features: tensor(
      "FP32",
      [2, 5],
      Float32Array.from({ length: 10 }, (_, i) => i / 7 - 0.5),
    ),
    labels: tensor("INT32", [2], Int32Array.of(1, 0)),
    mask: tensor("FP32", [2], Float32Array.of(1, 1)),
  };
  const measures = { task: "classification", classes: 2 } as const;
  const lossOf = (of: typeof network, vector: Float32Array) =>
    evaluate(evaluationGraph(of, { ...options, measures }).graph, {
      ...batch,
      ...parametersIn(of, vector),
    }).sums!.data[0];
  expect(lossOf(network, left)).toBe(lossOf(built, values));
});

test("the others start as they would have", () => {
  const seeded = initialValues(built.parameters, 3);
  const { network, values: left } = freeze(built, ["layer1/*"], seeded);
  expect(left).toEqual(initialValues(network.parameters, 3));
  expect(layout(network.parameters).at(-1)!.offset).toBe(left.length - 6);
});

test("patterns that name nothing, or everything, are refused", () => {
  expect(() => freeze(built, ["layer0/*", "layer3/*", "layer"], values)).toThrow(
    'the job spec has 2 faults: training.freeze[1]: found "layer3/*", which is no parameter\'s name, wanted one of layer0/bias, layer0/weight, layer1/bias, layer1/weight, layer2/bias, layer2/weight; training.freeze[2]: found "layer"',
  );
  expect(() => freeze(built, ["*"], values)).toThrow(
    "training.freeze: leaves no parameter to train",
  );
});
