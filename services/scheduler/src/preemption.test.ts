/** Jobs of higher priority come first, and take trainers from others where there are none left. */
import { expect, test } from "vitest";
import { isActive } from "./job.ts";
import { digest, hosted, rest, tasksOf, type World, worldOf } from "./sample.fixture.ts";
import { desiredTasks } from "./tasks.ts";

const alone = { workers: 1, servers: 1 };
const two = { workers: 2, servers: 1 };

test("no node is told of the priority: one that is older would refuse its tasks", () => {
  const world = worldOf("t1");
  const told = new Map<string, object | undefined>();
  const ask = () => {
    for (const node of world.view().nodes)
      for (const { work, spec } of desiredTasks(world.jobs.filter(isActive), node))
        told.set(work?.$case ?? "", spec);
  };
  world.submit("job_a", alone, 5);
  world.settle();
  ask();
  world.prepare("job_a");
  world.submit("job_b", alone, 6);
  world.settle();
  ask();
  world.cancel("job_b");
  const checkpoints = [{ step: 20, digest: digest(20) }];
  world.report("s1", hosted(world.job("job_a", "TRAINING"), 0, { checkpoints, tested: true }));
  world.settle();
  ask();
  expect([...told.keys()]).toEqual(["prepare", "host", "pause", "train", "package"]);
  const { priority, ...spec } = world.job("job_a", "PACKAGING").spec;
  expect(priority).toBe(5);
  for (const [kind, one] of told) expect(one, kind).toEqual(spec);
});

test("trainers go to the highest priority first, to the older of equals", () => {
  const world = worldOf();
  world.submit("job_a");
  world.submit("job_b", {}, 5);
  world.submit("job_c", {}, -1);
  world.submit("job_d", {}, 5);
  const order: string[] = [];
  for (const trainer of ["t1", "t2", "t3", "t4"]) {
    world.trainer(trainer);
    world.settle();
    order.push(...world.jobs.filter(({ state }) => state === "PREPARING").map(({ id }) => id));
    world.jobs = world.jobs.filter(({ state }) => state !== "PREPARING");
    world.leave(trainer);
  }
  expect(order).toEqual(["job_b", "job_d", "job_a", "job_c"]);
});

test("what a job begins with comes before what one of higher priority wants more of", () => {
  const world = worldOf("t1");
  world.submit("job_a", { workers: 3, servers: 1 }, 1);
  world.prepare("job_a");
  world.submit("job_b");
  world.trainer("t2");
  world.settle();
  expect(world.job("job_b", "PREPARING").trainer).toBe("t2");
  world.trainer("t3");
  world.settle();
  expect(world.job("job_a", "TRAINING").workers).toEqual(["t1", "t3"]);
});

test("a job makes room for one that has no trainer, and not for who wants more of them", () => {
  const low = ["job_1", "job_2", "job_3", "job_4", "job_5", "job_6", "job_7"];
  const world = worldOf(...low.map((_, i) => `t${i + 1}`));
  for (const id of low) {
    world.submit(id, alone);
    world.prepare(id);
  }
  world.trainer("t8");
  world.submit("job_high", { workers: 8, servers: 1 }, 10);
  world.prepare("job_high");
  world.submit("job_middle", alone, 5);
  const gone: string[] = [];
  for (;;) {
    world.settle();
    const yielding = world.jobs.find((job) => job.state === "TRAINING" && job.yieldsTo);
    if (yielding?.state !== "TRAINING") break;
    gone.push(yielding.id);
    rest(world, yielding, 5);
  }
  expect(gone).toEqual(["job_7"]);
  world.prepare("job_middle");
  expect(world.job("job_middle", "TRAINING").workers).toEqual(["t7"]);
  expect(world.job("job_high", "TRAINING").workers).toEqual(["t8"]);
  world.job("job_7", "PLACING");
  for (const id of low.slice(0, 6))
    expect(world.job(id, "TRAINING")).toMatchObject({ generation: 1, yieldsTo: undefined });
});

test("a job with its last trainer is brought to a checkpoint, waits for its turn and goes on from there", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  world.submit("job_b", alone, 10);
  world.settle();
  const resting = world.job("job_a", "TRAINING");
  expect(resting.reason).toBe("is brought to a checkpoint to make room for job_b of priority 10");
  expect(world.job("job_b", "QUEUED").reason).toBe(
    "waits for job_a of priority 0, which is brought to a checkpoint to make room",
  );
  expect(tasksOf(world, "s1")).toEqual(["job_a/1/host/0", "job_a/1/pause/0"]);
  expect(tasksOf(world, "t1")).toEqual(["job_a/1/train"]);

  // The step at hand is not over, then not written.
  world.report(
    "s1",
    hosted(resting, 0, { step: 6, checkpoints: [{ step: 5, digest: digest(5) }] }),
  );
  world.settle();
  world.job("job_a", "TRAINING");
  rest(world, resting, 7, false);
  world.job("job_a", "TRAINING");
  rest(world, resting, 7);
  const waiting = world.job("job_a", "PLACING");
  expect(waiting).toMatchObject({
    generation: 2,
    from: { step: 7, digests: [digest(7)] },
    preemptedBy: { job: "job_b", priority: 10 },
    progress: { step: 7, restarts: 1 },
    reason:
      "preempted by job_b of priority 10 at step 7: waits for a trainer: 1 attached, busy with job_b",
  });
  expect(world.job("job_b", "PREPARING").trainer).toBe("t1");
  expect(tasksOf(world, "s1")).toEqual([]);

  world.cancel("job_b");
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({
    workers: ["t1"],
    start: { step: 7, digests: [digest(7)] },
    reason: "trains on t1 (1 of 1 trainers)",
  });
  expect(world.history).not.toContain("job_a FAILED");
});

test("one that rests before its first step begins anew", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  world.submit("job_b", alone, 1);
  world.settle();
  rest(world, world.job("job_a", "TRAINING"), 0);
  expect(world.job("job_a", "PLACING")).toMatchObject({ generation: 2, from: undefined });
});

test("a job with several trainers gives the one that joined last and goes on with the others", () => {
  const world = worldOf("t1", "t2");
  world.submit("job_a", two);
  world.prepare("job_a");
  world.submit("job_b", alone, 1);
  world.settle();
  expect(world.job("job_b", "PREPARING").trainer).toBe("t2");
  expect(world.job("job_a", "TRAINING")).toMatchObject({
    generation: 1,
    workers: ["t1"],
    yieldsTo: undefined,
    reason: "trains on t1 (1 of 2 trainers; job_b of priority 1 took one)",
  });
  expect(tasksOf(world, "s1")).toEqual(["job_a/1/host/0"]);
  world.cancel("job_b");
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({
    workers: ["t1", "t2"],
    reason: "trains on t1, t2 (2 of 2 trainers)",
  });
});

test("what is prepared is stopped, and prepared again when there is a trainer", () => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.settle();
  const { startedAt } = world.job("job_a", "PREPARING");
  world.now += 1;
  world.submit("job_b", alone, 1);
  world.settle();
  expect(world.job("job_b", "PREPARING").trainer).toBe("t1");
  expect(world.job("job_a", "QUEUED").reason).toBe(
    "preempted by job_b of priority 1: waits for a trainer: 1 attached, busy with job_b",
  );
  world.cancel("job_b");
  world.settle();
  expect(world.job("job_a", "PREPARING")).toMatchObject({ trainer: "t1", startedAt });
});

test("the lowest priority makes room, the youngest of equals, and no more jobs than needed", () => {
  const world = worldOf("t1", "t2", "t3", "t4");
  for (const [id, priority] of [
    ["job_a", 1],
    ["job_b", 0],
    ["job_c", 0],
    ["job_d", 2],
  ] as const) {
    world.submit(id, alone, priority);
    world.prepare(id);
  }
  world.submit("job_e", alone, 3);
  world.settle();
  const yielding = () =>
    world.jobs.flatMap((job) =>
      job.state === "TRAINING" && job.yieldsTo ? [`${job.id} to ${job.yieldsTo.job}`] : [],
    );
  expect(yielding()).toEqual(["job_c to job_e"]);
  world.submit("job_f", alone, 1);
  world.settle();
  expect(yielding()).toEqual(["job_b to job_f", "job_c to job_e"]);
  // Equals of what is left, and less.
  world.submit("job_g", alone, 1);
  world.submit("job_h", alone);
  world.settle();
  expect(yielding()).toEqual(["job_b to job_f", "job_c to job_e"]);
});

test.for([
  ["its preemptor is cancelled", (world: World) => world.cancel("job_b")],
  ["a trainer attaches", (world: World) => world.trainer("t2")],
] as const)("a job that is brought to a checkpoint goes on where %s", ([, change]) => {
  const world = worldOf("t1");
  world.submit("job_a", alone);
  world.prepare("job_a");
  world.submit("job_b", alone, 1);
  world.settle();
  expect(tasksOf(world, "s1")).toContain("job_a/1/pause/0");
  change(world);
  world.settle();
  expect(world.job("job_a", "TRAINING")).toMatchObject({ yieldsTo: undefined, generation: 1 });
  expect(tasksOf(world, "s1")).toEqual(["job_a/1/host/0"]);
});
