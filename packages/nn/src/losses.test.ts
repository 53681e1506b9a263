/** What every loss promises beside its value, which is held to PyTorch's elsewhere. */
import { openSession } from "@amaas/engine";
import { graphBuilder, writeModel } from "@amaas/graph";
import { type Measures, metricsOf, sumsOf } from "@amaas/metrics";
import type { LossSpec, Task } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { parametersIn, randomFloats, someBatch, someWeights } from "./batch.fixture.ts";
import {
  buildNetwork,
  classWeights,
  evaluationGraph,
  networkSize,
  servingGraph,
  trainingGraph,
} from "./index.ts";

const size = { features: 5, batch: 6, samples: 4 };

const losses: readonly (readonly [LossSpec, classes: number])[] = [
  [{ type: "cross-entropy", labelSmoothing: 0 }, 3],
  [{ type: "cross-entropy", labelSmoothing: 0.1 }, 3],
  [{ type: "sigmoid-cross-entropy", labelSmoothing: 0.1 }, 2],
  [{ type: "focal", gamma: 0.3 }, 3],
  [{ type: "focal", gamma: 2 }, 3],
  [{ type: "hinge", margin: 1, power: 1 }, 3],
  [{ type: "hinge", margin: 1, power: 2 }, 3],
  [{ type: "mse" }, 0],
  [{ type: "mae" }, 0],
  [{ type: "log-cosh" }, 0],
  [{ type: "huber", delta: 0.7 }, 0],
  [{ type: "quantile", quantile: 0.9 }, 0],
];

describe.each(losses)("%j", (loss, classes) => {
  const task: Task = classes > 0 ? "classification" : "regression";
  const network = buildNetwork(
    { type: "mlp", hidden: [7], activation: "relu" },
    networkSize({ task, loss }, { width: size.features, classes }),
  );
  const weights = classes > 0 ? Array.from({ length: classes }, (_, at) => at + 0.5) : undefined;
  const options = { task, loss, batch: size.batch, classWeights: weights };
  const batch = someBatch(task, { ...size, outputs: Math.max(1, classes) });
  const vector = someWeights(network);
  const feeds = { ...batch, ...parametersIn(network, vector) };

  test("what stands in padded rows does not change a bit", async () => {
    const session = await openSession(writeModel(trainingGraph(network, options)));
    const clean = await session.run({ ...feeds, ...withPadding(batch, () => 0) });
    const noise = randomFloats("padding", 1000);
    let at = 0;
    for (const scale of [1, 50, 5000]) {
      const next = () => scale * noise[at++ % noise.length]!;
      expect(await session.run({ ...feeds, ...withPadding(batch, next) })).toEqual(clean);
    }
  });

  test("training and evaluation tell the same loss, to the bit", async () => {
    const measures: Measures =
      classes > 0 ? { task: "classification", classes } : { task: "regression" };
    const training = await openSession(writeModel(trainingGraph(network, options)));
    const evaluation = await openSession(
      writeModel(evaluationGraph(network, { ...options, measures })),
    );
    const { sums } = await training.run(feeds);
    const all = (await evaluation.run(feeds)).sums!;
    expect(all.data.slice(0, 1)).toEqual(sums!.data);
    expect(Number(sums!.data[0])).toBeGreaterThan(0);
  });

  test("outputs far out neither overflow nor end in no number", async () => {
    const session = await openSession(writeModel(trainingGraph(network, options)));
    const far = parametersIn(
      network,
      vector.map((value) => value * 1000),
    );
    for (const { data } of Object.values(await session.run({ ...feeds, ...far })))
      expect(Array.from(data, Number).every(Number.isFinite)).toBe(true);
  });
});

/** The batch with other numbers in the rows whose mask is 0; labels stay classes there. */
function withPadding(batch: Record<string, Tensor>, next: () => number): Record<string, Tensor> {
  const filled = ({ type, shape, data }: Tensor): Tensor => {
    const from = (data.length / size.batch) * size.samples;
    const values = Array.from(data, Number).map((value, at) => (at < from ? value : next()));
    return type === "INT32"
      ? tensor(
          "INT32",
          shape,
          Int32Array.from(values, (value) => Math.abs(Math.trunc(value)) % 2),
        )
      : tensor("FP32", shape, Float32Array.from(values));
  };
  return { features: filled(batch.features!), labels: filled(batch.labels!) };
}

/** A network that puts out its features. */
async function measured(
  measures: Measures,
  scores: readonly number[][],
  labels: readonly number[],
) {
  const width = scores[0]?.length ?? 0;
  const network = buildNetwork({ type: "linear" }, { features: width, outputs: width });
  const unit = Float32Array.from({ length: width * width }, (_, at) =>
    Number(Math.floor(at / width) === at % width),
  );
  const loss: LossSpec = { type: "cross-entropy", labelSmoothing: 0 };
  const batch = labels.length;
  const model = evaluationGraph(network, { loss, batch, measures });
  const session = await openSession(writeModel(model));
  const { sums } = await session.run({
    features: tensor("FP32", [batch, width], Float32Array.from(scores.flat())),
    "layer0/weight": tensor("FP32", [width, width], unit),
    "layer0/bias": tensor("FP32", [width], new Float32Array(width)),
    labels: tensor("INT32", [batch], Int32Array.from(labels)),
    mask: tensor("FP32", [batch], new Float32Array(batch).fill(1)),
  });
  return metricsOf("classification", sumsOf(measures), Array.from(sums!.data, Number), batch);
}

test("of equal scores the first class comes first, so that no model wins by saying nothing", async () => {
  const measures: Measures = { task: "classification", classes: 3, topK: 2 };
  const found = await measured(
    measures,
    [0, 1, 2].map(() => [0, 0, 0]),
    [0, 0, 2],
  );
  expect(found.accuracy).toBeCloseTo(2 / 3, 12);
  expect(found.topKAccuracy).toBeCloseTo(2 / 3, 12);
});

test("certainty lies in the last bin, and is right or wrong by all of it", async () => {
  const measures: Measures = { task: "classification", classes: 2 };
  const sure = [
    [100, 0],
    [100, 0],
    [100, 0],
    [100, 0],
  ];
  expect((await measured(measures, sure, [0, 0, 0, 0])).calibrationError).toBe(0);
  const half = await measured(measures, sure, [0, 1, 0, 1]);
  expect(half).toMatchObject({ calibrationError: 0.5, brier: 0.5, logLoss: 50 });
  // Certain and wrong, almost certain and right: one bin, in which they make up for each other.
  const almost = 1 / (1 + Math.exp(-3.5));
  const mixed = await measured(
    measures,
    [
      [100, 0],
      [3.5, 0],
    ],
    [1, 0],
  );
  expect(mixed.calibrationError).toBeCloseTo(almost / 2, 6);
});

test("one output for two classes is served as their probabilities", async () => {
  const network = buildNetwork({ type: "linear" }, { features: 1, outputs: 1 });
  const g = graphBuilder("as-is");
  g.output("features", g.identity(g.input("x", "FP32", ["rows", 1])));
  const classes = ["no", "yes"];
  const model = servingGraph(g.model(), network, { task: "classification", classes });
  const session = await openSession(writeModel(model));
  const scores = [-2, 0, 0.5];
  const { label, probabilities } = await session.run({
    x: tensor("FP32", [3, 1], Float32Array.from(scores)),
    "layer0/weight": tensor("FP32", [1, 1], Float32Array.of(1)),
    "layer0/bias": tensor("FP32", [1], Float32Array.of(0)),
  });
  expect(label?.data).toEqual(["no", "no", "yes"]);
  expect(probabilities?.shape).toEqual([3, 2]);
  scores.forEach((score, row) => {
    const sigmoid = 1 / (1 + Math.exp(-score));
    expect(Number(probabilities?.data[2 * row])).toBeCloseTo(1 - sigmoid, 6);
    expect(Number(probabilities?.data[2 * row + 1])).toBeCloseTo(sigmoid, 6);
  });
});

test("a sigmoid is refused where there are other than two classes", () => {
  const loss: LossSpec = { type: "sigmoid-cross-entropy", labelSmoothing: 0 };
  const outputs = (classes: number) =>
    networkSize({ task: "classification", loss }, { width: 5, classes }).outputs;
  expect(outputs(2)).toBe(1);
  expect(() => outputs(3)).toThrow(
    'training.loss.type: found "sigmoid-cross-entropy" where there are 3 classes, wanted it with 2',
  );
});

describe("class weights", () => {
  test("are 1 where they are not given, by the names of the classes", () => {
    expect(classWeights({ b: 3 }, ["a", "b"], [5, 5])).toEqual([1, 3]);
    expect(classWeights({ 7: 0.5 }, [3, 7], [5, 5])).toEqual([1, 0.5]);
    expect(classWeights(undefined, ["a", "b"], [5, 5])).toBeUndefined();
  });

  test("balanced, have a mean of 1 over the rows, and pass over classes without any", () => {
    expect(classWeights("balanced", ["a", "b", "c"], [6, 2, 0])).toEqual([8 / 12, 2, 1]);
  });

  test("of classes that the data has not are refused, each by its field", () => {
    expect(() => classWeights({ a: 1, c: 2, "d e": 3 }, ["a", "b"], [1, 1])).toThrow(
      'the job spec has 2 faults: training.loss.classWeights.c: names no class of the data, wanted one of a, b; training.loss.classWeights["d e"]: names no class of the data, wanted one of a, b',
    );
  });
});
