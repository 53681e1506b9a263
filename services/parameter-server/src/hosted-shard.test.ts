import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import { contribution, host, joinAs, ordersTo, received, sums } from "./hosted-shard.fixture.ts";

test("a worker that joins again takes its own place, and what its first stream still brings counts", async () => {
  const shard = await host();
  const first = joinAs(shard, "w");
  expect(await ordersTo(first)).toMatchObject([{ pass: Pass.TRAINING, leaves: [0, 1, 2] }]);
  shard.contribute(first, contribution(0, [1, 1]));
  shard.sums(first, sums(0));

  const second = joinAs(shard, "w");
  expect(first.channel.ended).toBe(true);
  expect(await ordersTo(second)).toMatchObject([{ pass: Pass.TRAINING, leaves: [1, 2] }]);
  shard.contribute(first, contribution(1, [1, 1]));
  shard.sums(first, sums(1));
  // The end of the replaced stream is not the end of the worker.
  shard.leave(first);
  expect(await ordersTo(second)).toEqual([]);
  shard.contribute(second, contribution(2, [1, 1]));
  shard.sums(second, sums(2));
  expect(await received(second)).toMatchObject([
    { $case: "weights", value: { version: 1 } },
    { $case: "orders", value: { version: 1, pass: Pass.VALIDATION } },
  ]);
});

test("the leaves of a worker that leaves go to the others, what came before counts", async () => {
  const shard = await host();
  const [a, b] = [joinAs(shard, "a"), joinAs(shard, "b")];
  shard.contribute(a, contribution(0, [1, 1]));
  shard.leave(a);
  const [again] = await ordersTo(b);
  expect(again?.leaves).toEqual([1, 2]);
});

test("a worker that dies between its last gradient and its sums leaves the step complete", async () => {
  const shard = await host();
  const [a, b] = [joinAs(shard, "a"), joinAs(shard, "b")];
  await received(b);
  for (const leaf of [0, 1]) {
    shard.contribute(b, contribution(leaf, [1, 1]));
    shard.sums(b, sums(leaf));
  }
  shard.contribute(a, contribution(2, [1, 1]));
  shard.leave(a);
  // Version 1 is out, so that nobody computes with version 0 any more: it must not be asked for.
  expect(await received(b)).toMatchObject([
    { $case: "weights", value: { version: 1 } },
    { $case: "orders", value: { version: 1, pass: Pass.VALIDATION } },
    { $case: "orders", value: { version: 1, pass: Pass.VALIDATION } },
  ]);
  expect(shard.status(true).detail).toMatchObject({
    value: { step: 1, progress: { step: 1, loss: 1 } },
  });
});

test("a shard with no parameters takes part like any other", async () => {
  const shard = await host(0, 3);
  const member = joinAs(shard, "w");
  for (const leaf of [2, 0, 1]) {
    shard.contribute(member, contribution(leaf, []));
    shard.sums(member, sums(leaf));
  }
  expect((await received(member)).map(({ $case }) => $case)).toEqual([
    "weights",
    "orders",
    "weights",
    "orders",
  ]);
});

test("a worker with an impossible name or number of threads is refused", async () => {
  const shard = await host();
  expect(() => joinAs(shard, "")).toThrow();
  expect(() => joinAs(shard, "w".repeat(1_000))).toThrow();
  expect(() => joinAs(shard, "w", 2 ** 32 - 1)).toThrow();
});

test("a message at fault is refused; what it broke beyond itself ends the job with a reason", async () => {
  const shard = await host();
  const member = joinAs(shard, "w");
  const bring = (work: () => void) => {
    try {
      work();
    } catch (error) {
      shard.broke(error);
    }
  };
  bring(() => shard.contribute(member, contribution(7, [1, 1])));
  expect(shard.status(false).state).toBe(TaskState.RUNNING);
  for (const leaf of [0, 1, 2])
    bring(() => shard.contribute(member, contribution(leaf, [1, 1], { samples: 0 })));
  expect(shard.status(false)).toMatchObject({
    state: TaskState.FAILED,
    failure: "the gradients of step 0 are of no samples",
  });
});

test("whoever asks for the averages of a version is sent them while the shard is there", async () => {
  const averaging = { type: "ema", decay: 0.5, warmup: false };
  const shard = await host(0, 1, { averaging });
  const member = joinAs(shard, "w");
  for (const leaf of [0, 1, 2]) shard.contribute(member, contribution(leaf, [10, 20]));
  await received(member);
  shard.averages(member, { version: 0 });
  expect(await received(member)).toEqual([]);
  shard.averages(member, { version: 1 });
  const [answer] = await received(member);
  expect(answer).toMatchObject({ $case: "averages", value: { version: 1, chunk: 0 } });
  if (answer?.$case !== "averages") return;
  // From (1, 2) the step led to (0, 0), and the averages half the way there.
  expect([...new Float32Array(answer.value.values.slice().buffer)]).toEqual([0.5, 1]);
});
