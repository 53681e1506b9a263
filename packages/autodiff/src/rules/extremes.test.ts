/** Far out, where e^x overflows in single precision and differences vanish, gradients stay numbers, and right. */
import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type GraphBuilder,
  modelOf,
  ndarray,
  numbersOf,
  type PlainAttributes,
  toTensor,
  type Value,
  writeModel,
} from "@amaas/graph";
import { expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { graphOf } from "../oracle.fixture.ts";

const far = [-100, -89, -30, -12, -1, -1e-4, 0, 1e-4, 1, 12, 30, 89, 100, 0];

type Apply = (g: GraphBuilder, x: Value) => Value;

const node =
  (op: string, attributes: PlainAttributes = {}): Apply =>
  (g, x) =>
    g.node(op, [x], attributes);

const entropy: Apply = (g, x) => g.node("SoftmaxCrossEntropyLoss", [x, labels(g, [13, 3])]);
const likelihood: Apply = (g, x) =>
  g.node("NegativeLogLikelihoodLoss", [g.logSoftmax(x, 1), labels(g, [1, 5])], {
    reduction: "none",
  });

function labels(g: GraphBuilder, values: readonly number[]): Value {
  return g.constant(toTensor(ndarray("INT64", [values.length], values)));
}

test.each<readonly [string, Apply]>([
  ...[
    "Sigmoid",
    "Tanh",
    "Erf",
    "Relu",
    "Softplus",
    "Softsign",
    "Elu",
    "Selu",
    "Celu",
    "Gelu",
    "Mish",
    "HardSwish",
    "HardSigmoid",
    "LeakyRelu",
    "Atan",
    "Asinh",
    "ReduceL2",
  ].map((op) => [op, node(op)] as const),
  ["Gelu by tanh", node("Gelu", { approximate: "tanh" })],
  ["Softmax", node("Softmax", { axis: 1 })],
  ["LogSoftmax", node("LogSoftmax", { axis: 1 })],
  ["ReduceLogSumExp", (g, x) => g.node("ReduceLogSumExp", [x, g.ints([1])])],
  ["SoftmaxCrossEntropyLoss", entropy],
  ["NegativeLogLikelihoodLoss", likelihood],
])("%s", async (_, apply) => {
  const x = ndarray("FP32", [2, far.length], [...far, ...far.toReversed()]);
  const graph = graphOf({ build: (g, [x]) => apply(g, x!), inputs: [x] }, false);
  const derived = gradient(graph, { loss: "loss", wrt: ["x0"] });
  const expected = numbersOf(evaluate(derived, { x0: x })[gradientName("x0")]!);
  const session = await openSession(writeModel(modelOf(derived)));
  const made = await session.run({ x0: toTensor(x) });
  await session.release();
  const found = numbersOf(fromTensor(made[gradientName("x0")]!));
  for (const [at, is] of found.entries()) {
    const wanted = expected[at]!;
    const near = Math.abs(is - wanted) <= 2e-5 * Math.max(1, Math.abs(wanted));
    expect(near ? "near" : `at ${x.data[at]} the slope is ${is}, not ${wanted}`).toBe("near");
  }
});
