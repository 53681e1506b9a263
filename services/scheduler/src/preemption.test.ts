/** Jobs of higher priority come first, and take trainers from others where there are none left. */
import { TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ActiveJob, isActive, type Training } from "./job.ts";
import { trainersOf } from "./placement.ts";
import { digest, hosted, samplePrepared, World } from "./sample.fixture.ts";
import { desiredTasks } from "./tasks.ts";

/** Whose nodes have had the time to attach; parameter server s1 and these trainers. */
function worldOf(...trainers: string[]): World {
  const world = new World();
  world.server("s1");
  world.trainer(...trainers);
  world.now += world.graceMs;
  return world;
}

function tasksOf(world: World, name: string): string[] {
  const node = world.view().node(name);
  if (!node) throw new Error(`${name} is not attached`);
  return desiredTasks(world.jobs.filter(isActive), node).map(({ id }) => id);
}

/** What s1 tells of a job's only shard: it rests at this step, and has kept it or not. */
function rest(world: World, job: ActiveJob, step: number, kept = true): void {
  const checkpoints = kept && step > 0 ? [{ step, digest: digest(step) }] : [];
  world.report("s1", hosted(job, 0, { step, checkpoints, resting: true }));
  world.settle();
}

const alone = { workers: 1, servers: 1 };
const two = { workers: 2, servers: 1 };
const jobOf = (world: World, id: string) => world.jobs.find((job) => job.id === id);

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

const act = fc.oneof(
  fc.record({
    act: fc.constant("submit" as const),
    priority: fc.integer({ min: -2, max: 2 }),
    workers: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    act: fc.constantFrom("attach" as const, "leave" as const, "drain" as const, "advance" as const),
    which: fc.nat({ max: 5 }),
  }),
);
const trainers = ["t0", "t1", "t2", "t3", "t4", "t5"];

/** What the nodes have done of a job's task. */
function advance(world: World, job: ActiveJob | undefined): void {
  if (job?.state === "PREPARING" && job.trainer && world.view().node(job.trainer))
    world.report(job.trainer, {
      id: `${job.id}/${job.generation}/prepare`,
      state: TaskState.DONE,
      detail: { $case: "prepared", value: samplePrepared },
    });
  if (job?.state === "TRAINING" && job.yieldsTo) rest(world, job, 3 * job.generation);
  else if (job) world.cancel(job.id);
}

function isAtWork(world: World, trainer: string): boolean {
  return world.view().node(trainer)?.draining === false;
}

test("whatever happens, no trainer works for less than what somebody with none waits for", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const world = worldOf();
      let submitted = 0;
      for (const one of acts) {
        const active = world.jobs.filter(isActive);
        if (one.act === "submit")
          world.submit(
            `job_${String(submitted++).padStart(2, "0")}`,
            { workers: one.workers, servers: 1 },
            one.priority,
          );
        else if (one.act === "advance") advance(world, active[one.which % active.length]);
        else {
          const name = trainers[one.which] ?? "";
          const here = world.view().node(name) !== undefined;
          if (one.act === "attach" && !here) world.trainer(name);
          if (one.act === "leave" && here) {
            world.leave(name);
            world.now += world.graceMs;
          }
          if (one.act === "drain" && here) world.drain(name);
        }
        // Throws where jobs push each other about for ever.
        world.settle();
        check(world);
      }
    }),
    { numRuns: 300 },
  );
});

function check(world: World): void {
  const active = world.jobs.filter(isActive);
  const held = active.flatMap(trainersOf);
  expect(new Set(held).size, "a trainer works for one job").toBe(held.length);
  expect(world.jobs.filter(({ state }) => state === "FAILED")).toEqual([]);

  const waiting = active.filter((job) => trainersOf(job).length === 0);
  const yielding = active.filter(
    (job): job is Training => job.state === "TRAINING" && job.yieldsTo !== undefined,
  );
  for (const { yieldsTo, spec } of yielding) {
    const preemptor = jobOf(world, yieldsTo?.job ?? "");
    expect(waiting, "room is made for one that waits").toContain(preemptor);
    expect(preemptor?.spec.priority).toBeGreaterThan(spec.priority);
  }
  const served = new Set(yielding.map(({ yieldsTo }) => yieldsTo?.job));
  expect(served.size, "one job makes room for one").toBe(yielding.length);

  for (const job of waiting.filter(({ id }) => !served.has(id))) {
    const free = trainers.filter((name) => isAtWork(world, name) && !held.includes(name));
    expect(free, `for ${job.id}`).toEqual([]);
    const lower = active.filter(
      (other) =>
        other.spec.priority < job.spec.priority &&
        (other.state === "PREPARING" || other.state === "TRAINING") &&
        !yielding.includes(other as Training) &&
        trainersOf(other).some((name) => isAtWork(world, name)),
    );
    expect(lower, `for ${job.id}`).toEqual([]);
  }
}
