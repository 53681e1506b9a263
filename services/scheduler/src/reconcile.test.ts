import { TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import { digest, hosted, tasksOf, World } from "./sample.fixture.ts";

/** A job in training on servers s1 and s2 and trainer t1. */
function training(): World {
  const world = new World();
  world.trainer("t1");
  world.server("s1");
  world.server("s2");
  world.submit("job_a");
  world.prepare("job_a");
  return world;
}

test("a job goes all the way, one state after the other", () => {
  const world = training();
  const job = world.job("job_a", "TRAINING");
  expect(job.servers.map(({ node }) => node)).toEqual(["s1", "s2"]);
  expect(tasksOf(world, "s1")).toEqual(["job_a/1/host/0"]);
  expect(tasksOf(world, "s2")).toEqual(["job_a/1/host/1"]);
  expect(tasksOf(world, "t1")).toEqual(["job_a/1/train"]);

  const final = (shard: number) => [{ step: 20, digest: digest(100 + shard) }];
  world.report("s1", hosted(job, 0, { step: 20, checkpoints: final(0) }));
  world.report("s2", hosted(job, 1, { step: 20, checkpoints: final(1) }));
  world.settle();
  world.job("job_a", "TRAINING");
  expect(tasksOf(world, "t1")).toEqual(["job_a/1/train"]);

  world.report("s1", hosted(job, 0, { step: 20, checkpoints: final(0), tested: true }));
  world.settle();
  const packaging = world.job("job_a", "PACKAGING");
  expect(packaging.final).toEqual({ step: 20, digests: [digest(100), digest(101)] });
  expect(tasksOf(world, "t1")).toEqual(["job_a/1/package"]);
  expect(tasksOf(world, "s1")).toEqual([]);

  world.report("t1", {
    id: "job_a/1/package",
    state: TaskState.DONE,
    detail: { $case: "packaged", value: { digest: digest(9), bytes: 7, weightsSha256: "ab" } },
  });
  world.settle();
  expect(world.job("job_a", "REGISTERING").packaged.digest).toBe(digest(9));
  expect(world.history).toEqual(
    ["PREPARING", "PLACING", "TRAINING", "PACKAGING", "REGISTERING"].map((s) => `job_a ${s}`),
  );
});

test("a waiting job says what it waits for", () => {
  const world = new World();
  world.submit("job_a", { workers: 2 });
  world.submit("job_b");
  world.settle();
  expect(world.job("job_a", "QUEUED").reason).toBe("waits for a trainer: none is attached");
  world.trainer("t1");
  world.settle();
  expect(world.job("job_a", "PREPARING").reason).toBe("t1 prepares the data");
  expect(world.job("job_b", "QUEUED").reason).toBe(
    "waits for a trainer: 1 attached, busy with job_a",
  );
  world.prepare("job_a");
  expect(world.job("job_a", "PLACING").reason).toBe(
    "waits for a parameter server: none is attached",
  );
  world.trainer("t2");
  world.server("s1");
  world.settle();
  expect(world.job("job_a", "TRAINING").reason).toBe("trains on t2 (1 of 2 trainers)");
});

test("jobs are served in the order they came, and what one has is not taken for another", () => {
  const world = new World();
  world.trainer("t1", "t2");
  world.server("s1");
  world.submit("job_a", { workers: 2 });
  world.prepare("job_a");
  world.submit("job_b");
  world.submit("job_c");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1", "t2"]);
  expect(world.job("job_b", "QUEUED").reason).toBe(
    "waits for a trainer: 2 attached, both busy with job_a",
  );
  world.trainer("t3");
  world.settle();
  expect(world.job("job_b", "PREPARING").trainer).toBe("t3");
  world.job("job_c", "QUEUED");
});

test("a trainer that an older job sets free for a moment does not go to a younger one", () => {
  const world = new World();
  world.trainer("t1");
  world.server("s1");
  world.submit("job_a");
  world.submit("job_b");
  world.prepare("job_a");
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1"]);
  world.job("job_b", "QUEUED");
});

test("a training job takes more trainers when they attach, up to what it wants", () => {
  const world = new World();
  world.trainer("t1");
  world.server("s1");
  world.submit("job_a", { workers: 3 });
  world.prepare("job_a");
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1"]);
  world.trainer("t2", "t3", "t4");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1", "t2", "t3"]);
  expect(tasksOf(world, "t4")).toEqual([]);
});

test("a trainer that leaves is replaced at once, and kept where nobody can replace it", () => {
  const world = training();
  world.leave("t1");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1"]);
  expect(world.job("job_a", "TRAINING").reason).toBe("waits for t1 to attach again");
  world.trainer("t2");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t2"]);
  world.leave("t2");
  world.now += world.graceMs;
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual([]);
  expect(world.job("job_a", "TRAINING").reason).toBe("waits for a trainer: none is attached");
});

test("a trainer that is about to stop gets nothing new and leaves the training", () => {
  const world = training();
  world.trainer("t2");
  world.drain("t1");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t2"]);
});

test("a preparation goes to another trainer when its own has gone", () => {
  const world = new World();
  world.trainer("t1");
  world.submit("job_a");
  world.settle();
  world.leave("t1");
  world.trainer("t2");
  world.settle();
  expect(world.job("job_a", "PREPARING").trainer).toBe("t2");
  expect(tasksOf(world, "t2")).toEqual(["job_a/1/prepare"]);
});

test("a node that is attached and silent counts as away, until it is heard of", () => {
  const world = new World();
  world.trainer("t1");
  world.submit("job_a");
  world.settle();
  world.silentFor(4);
  world.trainer("t2");
  world.settle();
  expect(world.job("job_a", "PREPARING").trainer).toBe("t1");
  world.silentFor(1);
  world.settle();
  expect(world.job("job_a", "PREPARING").trainer).toBe("t2");
  world.report("t1");
  expect(tasksOf(world, "t1")).toEqual([]);
});

test("the shards of a server that stays silent are placed on another one", () => {
  const world = training();
  const tellAllBut = (silent: string) => {
    for (const name of ["s1", "s2", "t1"]) if (name !== silent) world.report(name);
  };
  world.silentFor(14);
  tellAllBut("s2");
  world.settle();
  expect(world.job("job_a", "TRAINING").generation).toBe(1);
  world.silentFor(1);
  world.settle();
  const again = world.job("job_a", "TRAINING");
  expect(again.generation).toBe(2);
  expect(again.servers.map(({ node }) => node)).toEqual(["s1", "s1"]);
});

test("a server that begins anew sends all shards back to the newest complete checkpoint", () => {
  const world = training();
  const job = world.job("job_a", "TRAINING");
  const at = (step: number, shard: number) => ({ step, digest: digest(step * 10 + shard) });
  world.report("s1", hosted(job, 0, { step: 17, checkpoints: [at(5, 0), at(10, 0), at(15, 0)] }));
  world.report("s2", hosted(job, 1, { step: 14, checkpoints: [at(5, 1), at(10, 1)] }));
  world.settle();
  world.leave("s2");
  world.settle();
  expect(world.job("job_a", "TRAINING").generation).toBe(1);
  world.server("s2", "s2-second");
  expect(tasksOf(world, "s2")).toEqual([]);
  world.settle();

  const again = world.job("job_a", "TRAINING");
  expect(again.generation).toBe(2);
  expect(again.start).toEqual({ step: 10, digests: [digest(100), digest(101)] });
  expect(again.progress).toMatchObject({ step: 10, restarts: 1, evaluations: [] });
  expect(tasksOf(world, "s1")).toEqual(["job_a/2/host/0"]);
  expect(tasksOf(world, "s2")).toEqual(["job_a/2/host/1"]);
  expect(tasksOf(world, "t1")).toEqual(["job_a/2/train"]);
});

test("a server that only lost its stream goes on", () => {
  const world = training();
  world.leave("s2");
  world.settle();
  expect(world.job("job_a", "TRAINING").reason).toContain("waits for s2 to attach again");
  world.now += world.graceMs - 1;
  world.server("s2");
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({ generation: 1 });
});

test("the shards of a server that stays away are placed on another one", () => {
  const world = training();
  world.leave("s2");
  world.now += world.graceMs - 1;
  world.settle();
  expect(world.job("job_a", "TRAINING").generation).toBe(1);
  world.now += 1;
  world.settle();
  const again = world.job("job_a", "TRAINING");
  expect(again.generation).toBe(2);
  expect(again.servers.map(({ node }) => node)).toEqual(["s1", "s1"]);
  expect(tasksOf(world, "s1")).toEqual(["job_a/2/host/0", "job_a/2/host/1"]);
});

test("without any server the job waits and says so", () => {
  const world = training();
  world.leave("s1");
  world.leave("s2");
  world.now += world.graceMs;
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({
    generation: 1,
    reason: "waits for a parameter server: none is attached",
  });
});

test("a scheduler that starts again tells the same, and declares nobody lost before the grace", () => {
  const before = training();
  const after = new World();
  after.jobs = before.jobs;
  after.settle();
  expect(after.job("job_a", "TRAINING")).toMatchObject({ generation: 1, workers: ["t1"] });
  after.server("s1");
  after.trainer("t2");
  after.settle();
  expect(tasksOf(after, "s1")).toEqual(["job_a/1/host/0"]);
  expect(after.job("job_a", "TRAINING").workers).toEqual(["t1"]);
  after.now += after.graceMs;
  after.settle();
  expect(after.job("job_a", "TRAINING")).toMatchObject({ generation: 2, workers: ["t2"] });
});

test("a task that failed fails the job with its reason", () => {
  const world = training();
  const failure = "features.npy: found 3 dimensions, wanted 2";
  world.report("s2", { id: "job_a/1/host/1", state: TaskState.FAILED, failure });
  world.settle();
  expect(world.job("job_a", "FAILED").reason).toBe(`s2: ${failure}`);
});

test("reports of other generations, other jobs and other lives of a node count for nothing", () => {
  const world = training();
  const job = world.job("job_a", "TRAINING");
  const old = { ...job, generation: 0 };
  const checkpoints = [{ step: 20, digest: digest(1) }];
  world.report("s1", hosted(old, 0, { step: 20, checkpoints, tested: true }));
  world.report("t1", { id: "job_b/1/train", state: TaskState.FAILED, failure: "x" });
  world.settle();
  world.server("s2", "another life");
  world.report("s2", hosted(job, 1, { step: 20, checkpoints }));
  const seen = world.job("job_a", "TRAINING");
  world.settle();
  expect(seen.checkpoints).toEqual({});
  expect(world.job("job_a", "TRAINING").checkpoints).toEqual({});
});

test("a node whose result makes no sense fails the job, not the scheduler", () => {
  const world = new World();
  world.trainer("t1");
  world.submit("job_a");
  world.settle();
  world.report("t1", { id: "job_a/1/prepare", state: TaskState.DONE });
  world.settle();
  expect(world.job("job_a", "FAILED").reason).toBe("t1 reported a preparation without a result");
});

test("arithmetic that differs is told", () => {
  const world = training();
  const job = world.job("job_a", "TRAINING");
  world.report("s1", hosted(job, 0, { checkpoints: [{ step: 10, digest: digest(1) }] }));
  world.settle();
  world.report("s1", hosted(job, 0, { checkpoints: [{ step: 10, digest: digest(2) }] }));
  world.settle();
  expect(world.differing).toEqual(["job_a 0 10"]);
});
