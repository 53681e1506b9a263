import { printGraph } from "@amaas/graph";
import { expect, test } from "vitest";
import { buildNetwork } from "./index.ts";

test("a multi-layer perceptron", () => {
  const { graph, parameters } = buildNetwork(
    { type: "mlp", hidden: [8, 6], activation: "tanh" },
    { features: 5, outputs: 3 },
  );
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "mlp(features: FP32[batch, 5], layer0/weight: FP32[5, 8], layer0/bias: FP32[8], layer1/weight: FP32[8, 6], layer1/bias: FP32[6], layer2/weight: FP32[6, 3], layer2/bias: FP32[3])
      gemm_0  = Gemm(features, layer0/weight, layer0/bias) : FP32[batch, 8]
      tanh_0  = Tanh(gemm_0) : FP32[batch, 8]
      gemm_1  = Gemm(tanh_0, layer1/weight, layer1/bias) : FP32[batch, 6]
      tanh_1  = Tanh(gemm_1) : FP32[batch, 6]
      outputs = Gemm(tanh_1, layer2/weight, layer2/bias) : FP32[batch, 3]
      return outputs: FP32[batch, 3]"
  `);
  expect(parameters.map(({ name, init }) => `${name} ${init}`)).toMatchInlineSnapshot(`
    [
      "layer0/weight glorot-uniform",
      "layer0/bias zeros",
      "layer1/weight glorot-uniform",
      "layer1/bias zeros",
      "layer2/weight glorot-uniform",
      "layer2/bias zeros",
    ]
  `);
});

test("a linear model", () => {
  const { graph } = buildNetwork({ type: "linear" }, { features: 5, outputs: 1 });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "linear(features: FP32[batch, 5], layer0/weight: FP32[5, 1], layer0/bias: FP32[1])
      outputs = Gemm(features, layer0/weight, layer0/bias) : FP32[batch, 1]
      return outputs: FP32[batch, 1]"
  `);
});

test("rectified layers start wider", () => {
  const { parameters } = buildNetwork(
    { type: "mlp", hidden: [8], activation: "relu" },
    { features: 5, outputs: 3 },
  );
  const inits = parameters.filter(({ shape }) => shape.length === 2).map(({ init }) => init);
  expect(inits).toEqual(["he-uniform", "glorot-uniform"]);
});

test("a network of no size is refused", () => {
  expect(() => buildNetwork({ type: "linear" }, { features: 0, outputs: 1 })).toThrow(
    "found 0 features, wanted 1 or more",
  );
});
