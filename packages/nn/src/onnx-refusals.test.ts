/** Files that no network can be made of are refused, in words that say what would do. */
import { graphBuilder, type Model } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { type NetworkSize, trainingGraph } from "./index.ts";
import { dense, floats, networkOf, normalised, size, tokens } from "./onnx.fixture.ts";

function oneNode(op: string): Model {
  const g = graphBuilder("one");
  const x = g.input("x", "FP32", ["N", 4]);
  g.output("y", g.matMul(g.node(op, [x]), g.initializer("w", floats([4, 3]))));
  return g.model();
}

function mixed(): Model {
  const g = graphBuilder("mixed");
  const x = g.input("x", "FP32", [2, 4]);
  const w = g.initializer("w", floats([8, 6]));
  g.output("y", g.reshape(g.matMul(g.reshape(x, [1, 8]), w), [2, 3]));
  return g.model();
}

const twoInputs = () =>
  dense((g) => g.output("sum", g.add(g.input("p", "FP32", ["N", 4]), g.input("q", "FP32", [4]))));

const cases: readonly [string, Model, object, NetworkSize, string][] = [
  [
    "an output that is not there",
    dense(),
    { output: "logits" },
    size,
    'architecture.output: found "logits", which the file does not make; its outputs are "shares", "scores"',
  ],
  [
    "shares for scores",
    dense(),
    {},
    size,
    'architecture.output: "shares" is made by Softmax, wanted the scores that go into it, "scores"',
  ],
  [
    "outputs of another number",
    dense(),
    { output: "scores" },
    { ...size, outputs: 5 },
    'architecture.output: "scores" is FP32 [batch,3], wanted FP32 [samples, 5] for this task, or head.outputs replace',
  ],
  [
    "samples of another shape",
    dense(),
    { output: "scores" },
    { ...size, features: 6 },
    'architecture.file: input "x" of the file wants samples of the shape [4], found samples of the shape [6]',
  ],
  [
    "an image on its side",
    normalised(1),
    {},
    { ...size, features: 4, shape: [1, 4, 1] },
    'input "x" of the file wants samples of the shape [1,2,2], found samples of the shape [1,4,1]',
  ],
  [
    "an input that is not there",
    dense(),
    { output: "scores", input: "y" },
    size,
    'architecture.input: found "y", wanted an input of the file that "scores" is made of: "x"',
  ],
  [
    "two inputs",
    twoInputs(),
    { output: "sum" },
    size,
    'architecture.input: found "p", "q" that "sum" is made of, wanted one input',
  ],
  [
    "patterns without a match",
    dense(),
    { output: "scores", train: ["c.*", "a.*", "mean"] },
    size,
    'the job spec has 2 faults: architecture.train[0]: found "c.*", which is no FP32 initializer\'s name, wanted one of a.weight, a.bias, b.weight, mask',
  ],
  [
    "nothing to train",
    dense((g) =>
      g.output("twice", g.add(g.tanh(g.input("z", "FP32", ["N", 3])), g.scalar(1, "FP32"))),
    ),
    { output: "twice" },
    { ...size, features: 3 },
    "architecture.train: finds no FP32 initializers in what makes the output, wanted some",
  ],
  [
    "no dense layer for a new head",
    normalised(1),
    { head: { outputs: "replace" } },
    { ...size, shape: [1, 2, 2] },
    'architecture.head.outputs: found "replace", but BatchNormalization',
  ],
  ["random numbers", oneNode("RandomNormalLike"), {}, size, "architecture.file: RandomNormalLike"],
  [
    "a number of samples that is written into it",
    mixed(),
    {},
    size,
    "; export it for any number of samples",
  ],
  [
    "that number where a new head goes",
    mixed(),
    { head: { outputs: "replace" } },
    size,
    "what the last dense layer takes is FP32 [1,8], wanted FP32 [samples, width] for this task; export",
  ],
  [
    "tokens of too many kinds",
    tokens(),
    {},
    { features: 2, outputs: 6, vocabulary: 9 },
    'architecture.file: input "ids" of the file has ids up to 4, found 9 different ones',
  ],
  [
    "numbers for tokens",
    tokens(),
    {},
    { features: 2, outputs: 6 },
    'input "ids" of the file is INT64, which takes tokens, found data that has no vocabulary',
  ],
];

test.each(cases)("%s: refused", (_, model, more, of, message) => {
  expect(() => networkOf(model, more, of)).toThrow(message);
});

test("weights that are no numbers are refused by name", () => {
  const { graph, metadata } = dense();
  const bias = tensor("FP32", [5], Float32Array.of(0, 1, Number.NaN, 0, 0));
  const initializers = new Map([...graph.initializers, ["a.bias", bias]]);
  expect(() => networkOf({ metadata, graph: { ...graph, initializers } })).toThrow(
    'initializer "a.bias" is NaN at element 2, wanted finite numbers',
  );
});

test("a file with no gradient on the way to its weights is refused, with the node", () => {
  const g = graphBuilder("odd");
  const x = g.input("x", "FP32", ["N", 4]);
  const made = g.matMul(x, g.initializer("w", floats([4, 3])));
  const types = [{ type: "FP32", shape: ["N", 3] } as const];
  g.output("y", g.node("Odd", [made], {}, { domain: "com.example", name: "odd one", types }));
  const options = {
    task: "classification",
    loss: { type: "cross-entropy", labelSmoothing: 0 },
    batch: 2,
  } as const;
  expect(() => trainingGraph(networkOf(g.model(), {}), options)).toThrow(
    'node "odd one" (Odd, com.example opset 1)',
  );
});
