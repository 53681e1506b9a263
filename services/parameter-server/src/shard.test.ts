import { createOptimizer } from "@amaas/optim";
import { cover, reduce, type TreeNode } from "@amaas/reduction";
import { expect, test } from "vitest";
import { type Gradient, Shard } from "./shard.ts";
import type { Snapshot } from "./snapshot.ts";

const LEAVES = 6;
const LENGTH = 11;
const adam = {
  type: "adam",
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  l1: 0,
} as const;

const firstWeights = () =>
  Float32Array.from({ length: LENGTH }, (_, i) => Math.fround(0.1 * i - 0.2));

function open(): Shard {
  const optimizer = createOptimizer(adam);
  const weights = firstWeights();
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(LENGTH));
  const state = { step: 0, weights, slots, scalars: optimizer.scalars(), squares: [] };
  return new Shard(state, optimizer, LEAVES);
}

const leafGradient = (step: number, leaf: number) =>
  Float32Array.from({ length: LENGTH }, (_, i) =>
    Math.fround(Math.sin(step * 31 + leaf * 7 + i) / 3),
  );

async function gradientOf(step: number, node: TreeNode): Promise<Gradient> {
  const sum = await reduce(
    node,
    LEAVES,
    async (leaf) => leafGradient(step, leaf),
    (a, b) => a.map((v, i) => v + (b[i] ?? 0)),
  );
  const width = 2 ** node.level;
  const samples = 10 * (Math.min((node.index + 1) * width, LEAVES) - node.index * width);
  return { ...node, version: step, chunk: 0, samples, bytes: new Uint8Array(sum.buffer) };
}

async function train(
  shard: Shard,
  steps: number,
  division: (step: number) => number[][],
): Promise<Snapshot[]> {
  const made: Snapshot[] = [];
  for (let step = shard.step; step < steps; step++) {
    for (const leaves of division(step))
      for (const node of cover(leaves, LEAVES))
        shard.contribute(await gradientOf(step, node), (snapshot) => {
          snapshot.hold();
          made.push(snapshot);
        });
  }
  return made;
}

const alone = () => [[0, 1, 2, 3, 4, 5]];

test("weights have the same bits for every division of the work", async () => {
  const one = await train(open(), 4, alone);
  const three = await train(open(), 4, () => [
    [4, 5],
    [0, 1],
    [2, 3],
  ]);
  const uneven = await train(open(), 4, (step) => [
    [step % 6],
    [0, 1, 2, 3, 4, 5].filter((leaf) => leaf !== step % 6),
  ]);
  expect(one.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
  expect(three).toEqual(one);
  expect(uneven).toEqual(one);
});

test("where vectors are changes no bit, nor what is told of them", async () => {
  const near = () => {
    const optimizer = createOptimizer(adam);
    const { weights, gradient, slots, spare, sums } = optimizer.reserve(LENGTH, 2);
    weights.set(firstWeights());
    // Of the gradients of a step one is near, and others are elsewhere; so it is with snapshots.
    const room = { gradients: [gradient], snapshots: spare, sums };
    const state = { step: 0, weights, slots, scalars: optimizer.scalars(), squares: [], room };
    return new Shard(state, optimizer, LEAVES);
  };
  const division = (step: number) => [[step % 6], [0, 1, 2, 3, 4, 5].filter((l) => l !== step % 6)];
  const told = (snapshots: Snapshot[]) =>
    snapshots.map(({ version, values, squares }) => ({ version, values, squares }));
  expect(told(await train(near(), 4, alone))).toEqual(told(await train(open(), 4, alone)));
  expect(told(await train(near(), 4, division))).toEqual(told(await train(open(), 4, division)));
});

test("a state restored goes on with the same bits", async () => {
  const whole = await train(open(), 6, alone);
  const half = open();
  await train(half, 3, alone);
  const restored = new Shard(half.state(), createOptimizer(adam), LEAVES);
  expect((await train(restored, 6, alone)).at(-1)).toEqual(whole.at(-1));
});

test("a step tells the squares of its mean gradient, its weights and its update", async () => {
  const shard = open();
  const before = shard.state().weights;
  expect(shard.snapshots().map(({ squares }) => squares)).toEqual([undefined]);
  await train(shard, 1, alone);
  const { weights, squares } = shard.state();
  const { bytes, samples } = await gradientOf(0, { level: 3, index: 0 });
  const sum = [...new Float32Array(bytes.slice().buffer)];
  const length = (values: readonly number[]) => values.reduce((total, v) => total + v * v, 0);
  expect(samples).toBe(60);
  expect(squares).toHaveLength(1);
  expect(squares[0]?.gradient).toBeCloseTo(length(sum.map((value) => value / samples)), 12);
  expect(squares[0]?.weights).toBeCloseTo(length([...weights]), 12);
  const update = [...weights].map((weight, i) => weight - (before[i] ?? 0));
  expect(squares[0]?.update).toBeCloseTo(length(update), 12);
  expect(shard.snapshots().at(-1)?.squares).toEqual(squares[0]);
});

test("repeats change nothing, and one that differs is told", async () => {
  const shard = open();
  const ignore = () => undefined;
  const first = await gradientOf(0, { level: 1, index: 0 });
  expect(shard.contribute(first, ignore)).toBe("added");
  expect(shard.contribute(first, ignore)).toBe("duplicate");
  expect(shard.contribute({ ...first, bytes: first.bytes.map((byte) => byte ^ 1) }, ignore)).toBe(
    "corrupt",
  );
  expect(shard.missing()).toEqual([2, 3, 4, 5]);
  expect(shard.contribute(await gradientOf(0, { level: 2, index: 1 }), ignore)).toBe("added");
  expect(shard.contribute(await gradientOf(0, { level: 1, index: 1 }), ignore)).toBe("applied");
  expect(shard.contribute(first, ignore)).toBe("late");
});

test("a gradient takes the place of its parts, whose other halves were lost", async () => {
  const shard = open();
  const made: Snapshot[] = [];
  const contribute = async (level: number, index: number) =>
    shard.contribute(await gradientOf(0, { level, index }), (snapshot) => made.push(snapshot));
  expect(await contribute(0, 1)).toBe("added");
  expect(await contribute(1, 1)).toBe("added");
  expect(await contribute(2, 0)).toBe("added");
  expect(shard.missing()).toEqual([4, 5]);
  expect(await contribute(2, 1)).toBe("applied");
  expect(made).toEqual(await train(open(), 1, alone));
});

test("a message that makes no sense is refused and changes nothing", async () => {
  const shard = open();
  const good = await gradientOf(0, { level: 0, index: 0 });
  const refused = (bad: Partial<Gradient>) =>
    expect(() => shard.contribute({ ...good, ...bad }, () => undefined)).toThrow();
  refused({ chunk: 9 });
  refused({ version: 3 });
  refused({ level: 40 });
  refused({ level: -1 });
  refused({ index: 6 });
  refused({ bytes: good.bytes.subarray(4) });
  expect(shard.missing()).toHaveLength(LEAVES);
});

test("a worker that joins in the middle of a step is given two versions", async () => {
  const shard = open();
  expect(shard.snapshots().map(({ version }) => version)).toEqual([0]);
  await train(shard, 2, alone);
  expect(shard.snapshots().map(({ version }) => version)).toEqual([1, 2]);
});
