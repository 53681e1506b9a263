/** Jobs come, nodes come and go: how the trainers are shared out in the end, whatever happens. */
import { TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ActiveJob, isActive, type Training } from "./job.ts";
import { trainersOf } from "./placement.ts";
import { rest, samplePrepared, type World, worldOf } from "./sample.fixture.ts";

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
    const preemptor = world.jobs.find(({ id }) => id === yieldsTo?.job);
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
