/** Small models, as files of somebody else's would hold them, and networks of them. */
import { type GraphBuilder, graphBuilder, type Model } from "@amaas/graph";
import { parseArchitecture } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { randomFloats } from "./batch.fixture.ts";
import { buildNetwork, type NetworkSize } from "./index.ts";

export const size: NetworkSize = { features: 4, outputs: 3 };

export function floats(shape: readonly number[], purpose = "file"): Tensor {
  return tensor(
    "FP32",
    shape,
    randomFloats(
      purpose,
      shape.reduce((all, one) => all * one, 1),
    ),
  );
}

/** Two dense layers, a scale in between that is a single number, and shares at the end. */
export function dense(change: (g: GraphBuilder) => void = () => undefined): Model {
  const g = graphBuilder("file");
  const x = g.input("x", "FP32", ["N", 4]);
  const weight = (name: string, shape: number[]) => g.initializer(name, floats(shape, name));
  const hidden = g.tanh(g.gemm(x, weight("a.weight", [4, 5]), weight("a.bias", [5])));
  const scaled = g.mul(hidden, g.initializer("scale", tensor("FP32", [], Float32Array.of(0.5))));
  const product = g.matMul(scaled, weight("b.weight", [5, 3]));
  const scores = g.add(product, weight("mask", [3]));
  g.output("shares", g.softmax(scores));
  g.output("scores", scores);
  change(g);
  return g.model();
}

export function networkOf(
  model: Model,
  more: object = { output: "scores" },
  of: NetworkSize = size,
) {
  return buildNetwork(parseArchitecture({ type: "onnx", file: "a.onnx", ...more }), of, model);
}

/** For so many samples, with statistics that no batch of a test has. */
export function normalised(batch: number): Model {
  const g = graphBuilder("normed");
  const x = g.input("x", "FP32", [batch, 1, 2, 2]);
  const one = (name: string, value: number) =>
    g.initializer(name, tensor("FP32", [1], Float32Array.of(value)));
  const inputs = [x, one("scale", 1), one("bias", 1), one("mean", 3), one("variance", 4)];
  const [y] = g.node("BatchNormalization", inputs, { training_mode: 1 }, { outputs: 3 });
  g.output("y", g.reshape(y!, [batch, 4]));
  return g.model();
}

export function tokens(): Model {
  const g = graphBuilder("tokens");
  const ids = g.input("ids", "INT64", ["N", "T"]);
  g.output("y", g.gather(g.initializer("table", floats([5, 3], "table")), ids));
  return g.model();
}
