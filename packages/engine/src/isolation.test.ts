import { tensor } from "@amaas/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { createEngine, type Engine, type OpenOptions, type ServingSession } from "./index.ts";
import { adder, counting, dividing, filling } from "./models.fixture.ts";

// Starting a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let engine: Engine;
afterEach(() => engine.close());

function start(runLimitMs: number, residentMiB = 4096): void {
  const processes = { heapMiB: 128, residentMiB };
  engine = createEngine({ sharedThreads: 1, runLimitMs, processes });
}

function open(
  model: () => Uint8Array,
  isolation: OpenOptions["isolation"],
  options: Partial<OpenOptions> = {},
): Promise<ServingSession> {
  return engine.open({ name: "model", model: async () => model(), isolation, ...options });
}

const row = (...values: number[]) => tensor("FP32", [1, 4], Float32Array.from(values));
const sum = { a: row(1, 2, 3, 4), b: row(1, 1, 1, 1) };
const count = (times: bigint) => ({
  x: tensor("FP32", [1], Float32Array.of(0)),
  count: tensor("INT64", [], BigInt64Array.of(times)),
});
const ints = (...values: number[]) => tensor("INT32", [values.length], Int32Array.from(values));
/** The quotient does not fit, for which the processor has no answer. */
const crashing = { a: ints(-(2 ** 31)), b: ints(-1) };
const forever = 10n ** 15n;

test("in a process, a model answers as in a thread", async () => {
  start(30_000);
  const [there, here] = await Promise.all([open(adder, "process"), open(adder, "thread")]);
  expect(await there.run(sum)).toEqual(await here.run(sum));
  expect([there.inputs, there.outputs]).toEqual([here.inputs, here.outputs]);
  expect(there.memoryBytes, "what the process takes").toBeGreaterThan(10 * 2 ** 20);
  await expect(there.run({ a: sum.a })).rejects.toMatchObject({ code: "invalid-argument" });
  await there.close();
  expect((await here.run(sum)).sum).toEqual(row(2, 3, 4, 5));
});

test("a run that does not end is ended with its process, and the next one is answered", async () => {
  start(1000);
  const losses: string[] = [];
  const onLoss: OpenOptions["onLoss"] = ({ why }) => losses.push(why.message);
  const [loop, other] = await Promise.all([
    open(counting, "process", { onLoss }),
    open(adder, "thread"),
  ]);
  const hangs = loop.run(count(forever));
  const behind = loop.run(count(1n));
  await expect(hangs).rejects.toMatchObject({
    code: "internal",
    message: /longer than the 1000 ms/,
  });
  expect((await behind).y?.data, "it has waited for the next process").toEqual(Float32Array.of(1));
  expect((await other.run(sum)).sum).toEqual(row(2, 3, 4, 5));
  expect((await loop.run(count(3n))).y?.data).toEqual(Float32Array.of(3));
  expect(losses).toEqual([expect.stringContaining("longer than the 1000 ms")]);
  expect(loop.failure).toBeUndefined();
});

test("a model that ends its process time and again is out of service, and no other", async () => {
  start(30_000);
  const failed = Promise.withResolvers<Error>();
  const [ratio, other] = await Promise.all([
    open(dividing, "process", { onFailure: failed.resolve }),
    open(adder, "shared"),
  ]);
  expect((await ratio.run({ a: ints(6), b: ints(2) })).quotient?.data).toEqual(Int32Array.of(3));
  for (let crash = 0; crash < 3; crash++)
    await expect(ratio.run(crashing)).rejects.toMatchObject({
      code: "internal",
      message: /SIGFPE/,
    });

  const refusal = { code: "unavailable", message: /^model is out of service: .*SIGFPE/ };
  expect(await failed.promise).toMatchObject(refusal);
  await expect(ratio.run({ a: ints(6), b: ints(2) })).rejects.toMatchObject(refusal);
  expect(ratio.failure).toMatchObject(refusal);
  expect((await other.run(sum)).sum).toEqual(row(2, 3, 4, 5));
});

test("a run that takes all memory is ended, and the next one is answered", async () => {
  start(30_000, 512);
  const zeros = await open(filling, "process");
  const ask = (length: bigint) =>
    zeros.run({ shape: tensor("INT64", [1], BigInt64Array.of(length)) });
  await expect(ask(2n ** 31n)).rejects.toMatchObject({
    code: "resource-exhausted",
    message: /took more than 512 MiB of memory/,
  });
  expect((await ask(4n)).sum?.data).toEqual(Float32Array.of(0));
});

test("with no process left at the moment, a run waits until there is one or the session closes", async () => {
  start(30_000);
  const ratio = await open(dividing, "process");
  await expect(ratio.run(crashing)).rejects.toMatchObject({ code: "internal" });
  const answer = { quotient: tensor("INT32", [1], Int32Array.of(2)) };
  expect(await ratio.run({ a: ints(4), b: ints(2) })).toEqual(answer);
  await expect(ratio.run(crashing)).rejects.toMatchObject({ code: "internal" });
  const left = ratio.run({ a: ints(4), b: ints(2) }).catch((error: unknown) => error);
  await ratio.close();
  expect(await left).toMatchObject({ code: "failed-precondition" });
});

test("a thread that does not come back is left alone; who shared it moves", async () => {
  start(400);
  const failed = Promise.withResolvers<Error>();
  const [loop, other] = await Promise.all([
    open(counting, "shared", { onFailure: failed.resolve }),
    open(adder, "shared"),
  ]);
  // A few seconds: long enough to be taken for one that never ends, short enough for the test to.
  await expect(loop.run(count(8_000_000n))).rejects.toMatchObject({ code: "internal" });
  expect(await failed.promise).toMatchObject({
    message: /out of service: .*longer than the 400 ms/,
  });
  expect((await other.run(sum)).sum).toEqual(row(2, 3, 4, 5));
  await expect(loop.run(count(1n))).rejects.toMatchObject({ code: "unavailable" });
});
