/** A job that is paused comes to rest between two steps, and is kept as it is there. */
import { sumsOf } from "@amaas/metrics";
import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import {
  contribution,
  host,
  joinAs,
  LEAVES,
  ordersTo,
  received,
  said,
  storeAway,
  sums,
  told,
} from "./hosted-shard.fixture.ts";
import type { HostedShard } from "./hosted-shard.ts";
import type { Member } from "./members.ts";

const leaves = Array.from({ length: LEAVES }, (_, leaf) => leaf);
const sumCount = sumsOf({ task: "regression" }).reduce((all, { length }) => all + length, 0);
/** What a trainer tells of the step before, as soon as it has its weights. */
const squares = { gradient: 4, weights: 2, update: 1 };

const hostedOf = (shard: HostedShard) => hostedIn(shard.status(false));

function hostedIn({ detail }: TaskStatus) {
  if (detail?.$case !== "hosted") throw new Error("the shard tells nothing");
  return detail.value;
}

const isKept = (shard: HostedShard) => hostedOf(shard).checkpoints.map(({ step }) => step);

/** Two shards have a parameter each. */
const gradientFor = ({ host: { shards } }: HostedShard) => (shards === 1 ? [1, 1] : [1]);

/** One gradient, or all of the step's. */
function train(shard: HostedShard, member: Member, version: number, some = leaves): void {
  // An epoch has one step, and the newest is the best one.
  const guidance = { version, keep: version, closing: false, rate: 1 };
  for (const leaf of some)
    shard.contribute(member, contribution(leaf, gradientFor(shard), { version, guidance }));
  if (shard.host.shard > 0) return;
  for (const leaf of some) shard.sums(member, sums(leaf, { version }));
}

function validate(shard: HostedShard, member: Member, version: number, some = leaves): void {
  const values = Array.from({ length: sumCount }, () => 1 / version);
  for (const leaf of some)
    shard.sums(member, sums(leaf, { version, pass: Pass.VALIDATION, values, squares }));
}

/** Every epoch is one step, and better than the one before. */
function trainTo(shard: HostedShard, member: Member, step: number): void {
  for (let version = 0; version < step; version++) {
    if (version > 0) validate(shard, member, version);
    train(shard, member, version);
  }
}

const digestOf = (shard: HostedShard, step: number) =>
  hostedOf(shard).checkpoints.find((one) => one.step === step)?.digest;

/** The checkpoint of this step, as it is made with the step. */
async function digestWhenDue(training: object, step: number): Promise<string | undefined> {
  const shard = await host(0, 1, { ...training, checkpointEverySteps: step });
  trainTo(shard, joinAs(shard, "w"), step);
  await expect.poll(() => isKept(shard)).toEqual([step]);
  return digestOf(shard, step);
}

test("the step at hand is ended and kept, no other one is ordered until the job goes on", async () => {
  const shard = await host();
  const member = joinAs(shard, "w");
  train(shard, member, 0, [0]);
  shard.pause();
  expect(hostedOf(shard)).toMatchObject({ step: 0, resting: false });
  await received(member);
  train(shard, member, 0, [1, 2]);
  expect(hostedOf(shard)).toMatchObject({ step: 1, resting: true });
  await expect.poll(() => isKept(shard)).toEqual([1]);
  // One that joins is put to work no more than the others.
  expect(await ordersTo(member)).toEqual([]);
  expect(await ordersTo(joinAs(shard, "another"))).toEqual([]);
  const last = joinAs(shard, "w");
  await received(last);

  shard.goOn();
  expect(hostedOf(shard).resting).toBe(false);
  expect(await ordersTo(last)).toMatchObject([{ pass: Pass.VALIDATION, version: 1 }]);
});

test("a job that was paused over its last validation is closed when it goes on", async () => {
  const shard = await host(0, 1, { keep: "best" });
  const member = joinAs(shard, "w");
  train(shard, member, 0);
  validate(shard, member, 1);
  train(shard, member, 1);
  shard.pause();
  validate(shard, member, 2);
  await received(member);

  shard.goOn();
  const closing = { version: 2, keep: 2, closing: true };
  expect(await received(member)).toMatchObject([{ $case: "guidance", value: closing }]);
  // Told once, and to whoever comes.
  shard.pause();
  shard.goOn();
  expect(await received(member)).toEqual([]);
  expect(await received(joinAs(shard, "another"))).toContainEqual(
    expect.objectContaining({ $case: "guidance", value: expect.objectContaining(closing) }),
  );
});

test("a job whose trainers have not come yet rests where it begins", async () => {
  const shard = await host();
  shard.pause();
  expect(hostedOf(shard)).toMatchObject({ step: 0, resting: true });
  expect(await ordersTo(joinAs(shard, "w"))).toEqual([]);
});

test("that a job rests is told as soon as it is so, and that it goes on as well", async () => {
  const shard = await host();
  const resting = () => told.splice(0).map((status) => hostedIn(status).resting);
  joinAs(shard, "w");
  resting();
  shard.pause();
  expect(resting()).toEqual([false]);
  train(shard, joinAs(shard, "w"), 0);
  expect(resting().at(-1)).toBe(true);
  shard.goOn();
  expect(resting()).toEqual([false]);
});

test("the step of a trainer that has gone is ended by the next one, so that the job comes to rest", async () => {
  const shard = await host();
  const first = joinAs(shard, "w");
  train(shard, first, 0, [0]);
  shard.pause();
  shard.leave(first);
  expect(hostedOf(shard).resting).toBe(false);
  const next = joinAs(shard, "next");
  expect(await ordersTo(next)).toMatchObject([{ pass: Pass.TRAINING, leaves: [1, 2] }]);
  train(shard, next, 0, [1, 2]);
  expect(hostedOf(shard).resting).toBe(true);
});

test.for([
  ["a job that ends by its spec", {}],
  ["a job that keeps its best weights", { keep: "best" }],
  ["a job that ends early", { earlyStopping: { metric: "loss", patience: 2 } }],
] as const)(
  "%s: kept to the bits of a checkpoint that was due, whenever it is paused",
  async ([, training]) => {
    for (const step of [1, 2]) {
      const wanted = await digestWhenDue(training, step);
      const moments = {
        "in the step": (shard: HostedShard, member: Member) => {
          trainTo(shard, member, step - 1);
          if (step > 1) validate(shard, member, step - 1);
          train(shard, member, step - 1, [0]);
          shard.pause();
          train(shard, member, step - 1, [1, 2]);
        },
        "while it is validated": (shard: HostedShard, member: Member) => {
          trainTo(shard, member, step);
          validate(shard, member, step, [0]);
          shard.pause();
        },
        "after it was validated": (shard: HostedShard, member: Member) => {
          trainTo(shard, member, step);
          validate(shard, member, step);
          shard.pause();
        },
      };
      for (const [when, pauseThere] of Object.entries(moments)) {
        const moment = `step ${step}, ${when}`;
        const shard = await host(0, 1, training);
        pauseThere(shard, joinAs(shard, "w"));
        await expect.poll(() => isKept(shard), { message: moment }).toContain(step);
        expect(digestOf(shard, step), moment).toBe(wanted);
      }
    }
  },
);

test("a shard that has begun with the next step is kept after it", async () => {
  const shard = await host(1, 2);
  const member = joinAs(shard, "w");
  train(shard, member, 0);
  shard.contribute(member, contribution(0, [1], { version: 1 }));
  shard.pause();
  shard.contribute(member, contribution(1, [1], { version: 1 }));
  shard.contribute(member, contribution(2, [1], { version: 1 }));
  await expect.poll(() => isKept(shard)).toEqual([2]);
});

test("while the store is away it is tried again and again", async () => {
  const shard = await host();
  const member = joinAs(shard, "w");
  train(shard, member, 0);
  const back = storeAway();
  shard.pause();
  await expect.poll(() => said.join()).toContain("checkpoint of step 1 failed");
  expect(isKept(shard)).toEqual([]);
  back();
  await expect.poll(() => isKept(shard), { timeout: 10_000 }).toEqual([1]);
});
