import { expect, test } from "vitest";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { ScriptedWorker, startCluster, until, type WorkerScript } from "./scripted.ts";

const STEPS = 7;

async function train(shards: number, scripts: readonly WorkerScript[]): Promise<Outcome> {
  await using cluster = await startCluster(shards);
  cluster.host("job_a", 1, STEPS);
  await until(() => cluster.hosted(shards - 1) !== undefined && cluster.hosted(0) !== undefined);
  const workers = scripts.map(
    (script, i) => new ScriptedWorker(`w${i}`, "job_a", 1, cluster, script),
  );
  try {
    return await outcomeOf(cluster, STEPS);
  } finally {
    for (const worker of workers) worker.kill();
  }
}

const reference = await train(1, [{}]);

test("the curve is that of the sums in the tree, and changes", () => {
  expect(reference.losses).toHaveLength(STEPS);
  expect(new Set(reference.losses).size).toBe(STEPS);
});

test("the other figures are known of every step but the newest", () => {
  const {
    learningRate = [],
    gradientNorm = [],
    weightNorm = [],
    updateRatio = [],
  } = reference.series;
  expect(learningRate).toEqual(Array(STEPS).fill("0.0100000000"));
  for (const norms of [gradientNorm, weightNorm, updateRatio]) {
    expect(norms).toHaveLength(STEPS - 1);
    expect(new Set(norms).size).toBe(STEPS - 1);
    expect(norms.map(Number).every((norm) => norm > 0)).toBe(true);
  }
});

test.each([
  ["two shards, one worker", 2, [{}]],
  ["three shards, two workers", 3, [{}, {}]],
  ["two shards, three workers, one of them slow", 2, [{}, { slowness: 40 }, {}]],
] as const)("%s: the same bits", async (_, shards, scripts) => {
  expect(await train(shards, scripts)).toEqual(reference);
});

test("a worker that hangs is waited for once, not at every step", async () => {
  expect(await train(2, [{}, { slowness: 60_000 }])).toEqual(reference);
});

test("a worker that dies in the middle of a step changes nothing", async () => {
  await using cluster = await startCluster(2);
  cluster.host("job_a", 1, STEPS);
  await until(() => cluster.hosted(0) !== undefined && cluster.hosted(1) !== undefined);
  let victim: ScriptedWorker | undefined;
  // Its gradients of step 2 reach the lead only; then it is gone.
  const dies: WorkerScript = {
    sends: (shard, version) => {
      if (version === 2 && shard === 0) setTimeout(() => victim?.kill(), 5);
      return version < 2 || shard === 0;
    },
  };
  victim = new ScriptedWorker("victim", "job_a", 1, cluster, dies);
  const other = new ScriptedWorker("other", "job_a", 1, cluster);
  expect(await outcomeOf(cluster, STEPS)).toEqual(reference);
  other.kill();
});

test("the only worker dies, another comes later and needs the version before", async () => {
  await using cluster = await startCluster(2);
  cluster.host("job_a", 1, STEPS);
  await until(() => cluster.hosted(0) !== undefined && cluster.hosted(1) !== undefined);
  const first = new ScriptedWorker("first", "job_a", 1, cluster, {
    sends: (shard, version) => version < 3 || shard === 0,
  });
  // The lead is at step 4 now, shard 1 still at 3.
  await until(() => cluster.hosted(0)?.step === 4);
  first.kill();
  const second = new ScriptedWorker("second", "job_a", 1, cluster);
  await until(() => cluster.hosted(1)?.step === 3);
  expect(await outcomeOf(cluster, STEPS)).toEqual(reference);
  second.kill();
});

test("a lost shard: all go back to a checkpoint and arrive at the same bits", async () => {
  await using cluster = await startCluster(2);
  cluster.host("job_a", 1, STEPS);
  await until(() => cluster.hosted(0) !== undefined && cluster.hosted(1) !== undefined);
  const before = new ScriptedWorker("w", "job_a", 1, cluster);
  const at = (shard: number) =>
    cluster.hosted(shard)?.checkpoints.find(({ step }) => step === 4)?.digest;
  await until(() => at(0) !== undefined && at(1) !== undefined);
  cluster.host("job_a", 2, STEPS, { step: 4, digests: [at(0) ?? "", at(1) ?? ""] });
  await before.ended;
  await until(() => cluster.hosted(0) !== undefined && cluster.hosted(1) !== undefined);
  expect(cluster.hosted(1)?.step).toBe(4);
  const after = new ScriptedWorker("w", "job_a", 2, cluster);
  expect(await outcomeOf(cluster, STEPS)).toEqual(reference);
  after.kill();
  // To the last bit of every figure, or the scheduler would take it for corrupted arithmetic.
  const digests = () => [0, 1].map((shard) => cluster.hosted(shard)?.checkpoints.at(-1)?.digest);
  const begunAgain = digests();
  cluster.host("job_b", 1, STEPS);
  await until(() => [0, 1].every((shard) => cluster.hosted(shard)?.step === 0));
  const undisturbed = new ScriptedWorker("w", "job_b", 1, cluster);
  await cluster.finished(STEPS);
  expect(digests()).toEqual(begunAgain);
  undisturbed.kill();
});
