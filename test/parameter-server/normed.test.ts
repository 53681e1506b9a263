/** Steps that depend on lengths of vectors of which every shard has a part only: clipping, LAMB. */
import { describe, expect, test } from "vitest";
import { type Outcome, outcomeOf } from "./outcome.ts";
import {
  type Cluster,
  ScriptedWorker,
  startCluster,
  until,
  type WorkerScript,
} from "./scripted.ts";

const STEPS = 5;
const sgd = { type: "sgd", learningRate: 0.01, momentum: 0.9 };
/** The gradients' length is some hundreds. */
const clipped = { ...sgd, clipNorm: 10 };
const lamb = { type: "lamb", learningRate: 0.01 };

async function hostedBy(cluster: Cluster): Promise<void> {
  await until(() => cluster.addresses.every((_, shard) => cluster.hosted(shard) !== undefined));
}

async function train(
  optimizer: object,
  shards: number,
  scripts: readonly WorkerScript[],
): Promise<Outcome> {
  await using cluster = await startCluster(shards, optimizer);
  cluster.host("job_a", 1, STEPS);
  await hostedBy(cluster);
  const workers = scripts.map(
    (script, i) => new ScriptedWorker(`w${i}`, "job_a", 1, cluster, script),
  );
  try {
    return await outcomeOf(cluster, STEPS);
  } finally {
    for (const worker of workers) worker.kill();
  }
}

test("clipping is something else than not clipping, unless nothing is that long", async () => {
  const free = await train(sgd, 2, [{}]);
  expect((await train(clipped, 1, [{}])).weights).not.toBe(free.weights);
  expect(await train({ ...sgd, clipNorm: 1e5 }, 2, [{}])).toEqual(free);
});

describe.each([
  ["clipped", clipped],
  ["lamb", lamb],
  ["lamb, clipped", { ...lamb, clipNorm: 10 }],
])("%s", async (_, optimizer) => {
  const reference = await train(optimizer, 1, [{}]);

  test.each([
    ["two shards, one worker", 2, [{}]],
    ["three shards, two workers", 3, [{}, {}]],
    ["seven shards, three workers, one of them slow", 7, [{}, { slowness: 40 }, {}]],
  ] as const)("%s: the same bits", async (_name, shards, scripts) => {
    expect(await train(optimizer, shards, scripts)).toEqual(reference);
  });

  test("a worker whose gradients reach the lead only holds a step up, and changes nothing", async () => {
    await using cluster = await startCluster(2, optimizer);
    cluster.host("job_a", 1, STEPS);
    await hostedBy(cluster);
    const first = new ScriptedWorker("first", "job_a", 1, cluster, {
      sends: (shard, version) => version < 2 || shard === 0,
    });
    await until(() => cluster.hosted(0)?.step === 2 && cluster.hosted(1)?.step === 2);
    first.kill();
    const second = new ScriptedWorker("second", "job_a", 1, cluster);
    expect(await outcomeOf(cluster, STEPS)).toEqual(reference);
    second.kill();
  });

  test("a gradient lost on its way to another shard is computed again after a while", async () => {
    let lost = 0;
    const once: WorkerScript = {
      sends: (shard, version) => shard !== 1 || version !== 2 || lost++ > 0,
    };
    expect(await train(optimizer, 2, [once])).toEqual(reference);
    expect(lost).toBeGreaterThan(1);
  });

  test("a lost shard: all go back to a checkpoint and arrive at the same bits", async () => {
    await using cluster = await startCluster(3, optimizer);
    cluster.host("job_a", 1, STEPS);
    await hostedBy(cluster);
    const before = new ScriptedWorker("w", "job_a", 1, cluster);
    const digests = () =>
      cluster.addresses.map(
        (_address, shard) =>
          cluster.hosted(shard)?.checkpoints.find(({ step }) => step === 2)?.digest ?? "",
      );
    await until(() => !digests().includes(""));
    cluster.host("job_a", 2, STEPS, { step: 2, digests: digests() });
    await before.ended;
    await hostedBy(cluster);
    const after = new ScriptedWorker("w", "job_a", 2, cluster);
    expect(await outcomeOf(cluster, STEPS)).toEqual(reference);
    after.kill();
  });
});
