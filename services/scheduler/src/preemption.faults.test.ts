/** What is lost, or said that is not so, while a job makes room for another one. */
import { TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import { digest, hosted, rest, samplePrepared, tasksOf, World, worldOf } from "./sample.fixture.ts";

const alone = { workers: 1, servers: 1 };

test("a job whose shards are lost while it is brought to a checkpoint gives way from the newest one", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  const before = world.job("job_a", "TRAINING");
  const checkpoints = [{ step: 5, digest: digest(5) }];
  world.report("s1", hosted(before, 0, { step: 6, checkpoints }));
  world.settle();
  world.submit("job_b", alone, 1);
  world.settle();
  world.server("s1", "s1-second");
  world.settle();
  const again = world.job("job_a", "TRAINING");
  expect(tasksOf(world, "s1")).toEqual(["job_a/2/host/0", "job_a/2/pause/0"]);
  rest(world, again, 5);
  expect(world.job("job_a", "PLACING").from).toEqual({ step: 5, digests: [digest(5)] });
});

test("a job whose shards are lost, and taken by no server, gives its trainer at once", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  const checkpoints = [{ step: 5, digest: digest(5) }];
  world.report("s1", hosted(world.job("job_a", "TRAINING"), 0, { step: 6, checkpoints }));
  world.submit("job_b", alone, 1);
  world.settle();
  world.leave("s1");
  world.settle();
  expect(world.job("job_a", "TRAINING").reason, "its server may come back").toContain(
    "waits for s1",
  );
  world.now += world.graceMs;
  world.settle();
  expect(world.job("job_b", "PREPARING").trainer).toBe("t1");
  expect(world.job("job_a", "PLACING")).toMatchObject({
    generation: 2,
    from: { step: 5, digests: [digest(5)] },
    reason:
      "preempted by job_b of priority 1 at step 5: waits for a parameter server: none is attached",
  });
  world.cancel("job_b");
  world.settle();
  world.job("job_a", "PLACING");
  world.server("s2");
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({ workers: ["t1"], start: { step: 5 } });
});

test.for([
  ["is about to stop", (world: World) => world.drain("s1"), "TRAINING"],
  [
    "has begun anew and is about to stop",
    (world: World) => {
      world.server("s1", "s1-second");
      world.drain("s1");
    },
    "PLACING",
  ],
] as const)("a job that makes room where the only server %s", ([, change, state]) => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  change(world);
  world.submit("job_b", alone, 1);
  world.settle();
  expect(world.job("job_a", state).generation).toBe(state === "PLACING" ? 2 : 1);
});

test("a job that could not go on with a trainer takes none", () => {
  const world = worldOf("t1", "t2");
  world.submit("job_a", alone, 1);
  world.prepare("job_a");
  world.submit("job_b", alone, 2);
  world.settle();
  world.leave("s1");
  world.report("t2", {
    id: "job_b/1/prepare",
    state: TaskState.DONE,
    detail: { $case: "prepared", value: samplePrepared },
  });
  world.submit("job_c", alone);
  world.settle();
  expect(world.job("job_b", "PLACING").reason).toBe(
    "waits for a parameter server: none is attached",
  );
  expect(world.job("job_a", "TRAINING")).toMatchObject({ workers: ["t1"], yieldsTo: undefined });
});

test("a scheduler that starts again takes nothing before all had the time to attach", () => {
  const before = worldOf("t1", "t2");
  before.submit("job_a", alone);
  before.prepare("job_a");
  before.submit("job_b", alone, 1);
  const after = new World();
  after.jobs = before.jobs;
  after.server("s1");
  after.trainer("t1");
  after.settle();
  expect(after.job("job_a", "TRAINING").yieldsTo).toBeUndefined();
  after.now += after.graceMs;
  after.settle();
  expect(after.job("job_a", "TRAINING").yieldsTo).toEqual({ job: "job_b", priority: 1 });
});

test("a node that says that it rests, of its own accord or of a step that is not kept, changes nothing", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  const job = world.job("job_a", "TRAINING");
  rest(world, job, 7);
  expect(world.job("job_a", "TRAINING").generation).toBe(1);
  world.submit("job_b", alone, 1);
  const old = { ...job, generation: 7 };
  world.report("s1", hosted(old, 0, { step: 7, checkpoints: [], resting: true }));
  world.settle();
  world.job("job_a", "TRAINING");
});
