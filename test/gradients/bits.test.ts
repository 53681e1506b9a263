/**
 * The gradients of a step have the same bits for every division of its virtual shards among workers: a shard's
 * gradient does not depend on which session computes it, nor on what that session has computed before, and what is
 * added is added in one tree.
 */
import { createHash } from "node:crypto";
import { gradient, gradientName } from "@amaas/autodiff";
import { openSession, type Session } from "@amaas/engine";
import {
  type Graph,
  type GraphBuilder,
  graphBuilder,
  modelOf,
  type Value,
  writeModel,
} from "@amaas/graph";
import { hashKey, uniform } from "@amaas/random";
import { addInto, cover, reduce, SumTree } from "@amaas/reduction";
import { type Tensor, tensor } from "@amaas/tensor";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const shards = 6;
const batch = 5;
const classes = 7;

type Build = (g: GraphBuilder, weight: (name: string, shape: readonly number[]) => Value) => Value;

/** Models whose backward passes go through what an engine could do in more than one order. */
const models: Readonly<Record<string, Build>> = {
  pictures: (g, weight) => {
    const x = g.input("x", "FP32", [batch, 3, 12, 12]);
    const pads = [1, 1, 1, 1];
    const first = g.relu(
      g.node("Conv", [x, weight("k1", [8, 3, 3, 3]), weight("b1", [8])], { pads }),
    );
    const pooled = g.node("MaxPool", [first], { kernel_shape: [3, 3], strides: [2, 2], pads });
    const strided = g.node("Conv", [pooled, weight("k2", [16, 4, 3, 3])], {
      group: 2,
      strides: [2, 2],
    });
    const flat = g.node("Flatten", [g.relu(strided)]);
    return g.gemm(flat, weight("w", [64, classes]));
  },

  texts: (g, weight) => {
    const ids = g.input("x", "INT64", [batch, 9]);
    const y = g.gather(weight("words", [20, 16]), ids);
    const normal = g.node("LayerNormalization", [y, weight("scale", [16]), weight("bias", [16])]);
    const [q, k, v] = ["q", "k", "v"].map((name) => g.matMul(normal, weight(name, [16, 16])));
    const scores = g.mul(g.matMul(q!, g.transpose(k!, [0, 2, 1])), g.scalar(0.25, "FP32"));
    const mixed = g.add(y, g.matMul(g.softmax(scores), v!));
    const wide = g.node("Gelu", [g.matMul(mixed, weight("up", [16, 32]))]);
    return g.matMul(g.reduceMean(wide, [1], { keepdims: false }), weight("head", [32, classes]));
  },

  sequences: (g, weight) => {
    const x = g.input("x", "FP32", [8, batch, 4]);
    const inputs = [x, weight("W", [1, 24, 4]), weight("R", [1, 24, 6]), weight("B", [1, 48])];
    const [, last] = g.node("LSTM", inputs, { hidden_size: 6 }, { outputs: 2 });
    return g.matMul(g.squeeze(last!, [0]), weight("head", [6, classes]));
  },
};

function modelNamed(name: string) {
  const g = graphBuilder(name);
  const shapes = new Map<string, readonly number[]>();
  const logits = models[name]!(g, (weight, shape) => {
    shapes.set(weight, shape);
    return g.input(weight, "FP32", shape);
  });
  const labels = g.input("labels", "INT64", [batch]);
  g.output("loss", g.node("SoftmaxCrossEntropyLoss", [logits, labels], { reduction: "sum" }));
  const graph = gradient(g.build(), { loss: "loss", wrt: [...shapes.keys()] });
  return { graph, weights: new Map([...shapes].map(([key, shape]) => [key, random(key, shape)])) };
}

function random(key: string, shape: readonly number[]): Tensor {
  const place = hashKey(1, key);
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, at) => uniform(place, at) - 0.5);
  return tensor("FP32", shape, data);
}

function whole(key: string, shape: readonly number[], below: number): Tensor {
  const place = hashKey(1, key);
  const count = shape.reduce((product, size) => product * size, 1);
  const data = BigInt64Array.from({ length: count }, (_, at) =>
    BigInt(Math.floor(uniform(place, at) * below)),
  );
  return tensor("INT64", shape, data);
}

/** What a shard feeds, besides the weights. */
function batchOf(graph: Graph, shard: number): Readonly<Record<string, Tensor>> {
  const { type, shape } = graph.inputs.find(({ name }) => name === "x")!;
  const fixed = shape.map(Number);
  const x = type === "INT64" ? whole(`x${shard}`, fixed, 20) : random(`x${shard}`, fixed);
  return { x, labels: whole(`labels${shard}`, [batch], classes) };
}

/** The loss and all gradients of a shard, one behind the other. */
async function shardGradient(
  session: Session,
  { graph, weights }: ReturnType<typeof modelNamed>,
  shard: number,
): Promise<Float32Array> {
  const found = await session.run({ ...Object.fromEntries(weights), ...batchOf(graph, shard) });
  const parts = ["loss", ...[...weights.keys()].map(gradientName)].map(
    (name) => found[name]!.data as Float32Array,
  );
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const add = (left: Float32Array, right: Float32Array): Float32Array => {
  addInto(left, right);
  return left;
};

/** The sum of a step whose shards go to workers as given, each with a session of its own. */
async function stepOf(name: string, workers: readonly (readonly number[])[]): Promise<string> {
  const model = modelNamed(name);
  const file = writeModel(modelOf(model.graph));
  const tree = new SumTree(shards, add);
  for (const owned of workers) {
    const session = await openSession(file);
    const leaves = new Map<number, Float32Array>();
    for (const shard of owned) leaves.set(shard, await shardGradient(session, model, shard));
    for (const node of cover(owned, shards))
      tree.add(node, await reduce(node, shards, async (leaf) => leaves.get(leaf)!.slice(), add));
    await session.release();
  }
  expect(tree.complete).toBe(true);
  expect(tree.root!.every(Number.isFinite)).toBe(true);
  return createHash("sha256").update(tree.root!).digest("hex");
}

const divisions = [
  [[0, 1, 2, 3, 4, 5]],
  [[5, 4, 3, 2, 1, 0]],
  [
    [0, 1, 2],
    [3, 4, 5],
  ],
  [
    [4, 0, 2],
    [1, 5, 3],
  ],
  [[3], [0, 5], [1, 2], [4]],
];

test.each(Object.keys(models))("%s", async (name) => {
  const found: string[] = [];
  for (const workers of divisions) found.push(await stepOf(name, workers));
  expect(new Set(found).size).toBe(1);
});
