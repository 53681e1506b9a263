import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { tensor, zeros } from "@amaas/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { createEngine, type Engine, type OpenOptions, type ServingSession } from "./index.ts";
import { adder, identity, slow } from "./models.fixture.ts";

// Starting a thread takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const matrix = zeros("FP32", [512, 512], { shared: true });
const row = (...values: number[]) => tensor("FP32", [1, 4], Float32Array.from(values));

let engine: Engine;
afterEach(() => engine.close());

function start(runLimitMs = 60_000): void {
  engine = createEngine({ sharedThreads: 2, runLimitMs, processes: { heapMiB: 128 } });
}

function open(model: Uint8Array, options: Partial<OpenOptions> = {}): Promise<ServingSession> {
  const isolation = "thread";
  return engine.open({ name: "model", model: async () => model, isolation, ...options });
}

test("many runs at once, each with its own answer", async () => {
  start();
  const session = await open(adder());
  expect(session.inputs.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(session.outputs).toEqual([{ name: "sum", type: "FP32", shape: ["rows", 4] }]);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => session.run({ a: row(i, 0, 0, 0), b: row(1, 2, 3, 4) })),
  );
  answers.forEach(({ sum }, i) => {
    expect(sum).toEqual(row(i + 1, 2, 3, 4));
  });
});

test("runs tell which instance they were given to", async () => {
  start();
  const session = await open(adder(), { instances: 2 });
  const told: number[] = [];
  const feeds = { a: row(1, 0, 0, 0), b: row(1, 2, 3, 4) };
  const began = (instance: number) => void told.push(instance);
  await Promise.all([session.run(feeds, { began }), session.run(feeds, { began })]);
  expect(told.sort()).toEqual([0, 1]);
  await session.run(feeds, { began });
  expect(told[2]).toBeOneOf([0, 1]);
});

test("text goes through, and the caller keeps the memory of its tensors", async () => {
  start();
  const words = tensor("BYTES", [2], ["a", "ü"]);
  const text = await open(identity("BYTES"));
  expect(await text.run({ in: words })).toEqual({ out: words });

  const message = Float32Array.of(0, 1, 2, 3, 4, 0);
  const view = tensor("FP32", [1, 4], message.subarray(1, 5));
  const sums = await open(adder());
  expect((await sums.run({ a: view, b: view })).sum).toEqual(row(2, 4, 6, 8));
  expect(message).toEqual(Float32Array.of(0, 1, 2, 3, 4, 0));
});

test("errors of a model and of a request reach the caller", async () => {
  start();
  await expect(open(Uint8Array.of(1))).rejects.toMatchObject({ code: "invalid-argument" });
  const session = await open(adder());
  await expect(session.run({ a: row(1, 2, 3, 4) })).rejects.toMatchObject({
    code: "invalid-argument",
    violations: [{ field: "b", description: "is missing; wanted FP32 [rows, 4]" }],
  });
});

test("a thread that sessions share keeps nothing of those that were closed", async () => {
  start();
  const session = await open(adder(), { isolation: "shared" });
  const closed = async () => {
    const another = await open(adder(), { isolation: "shared" });
    await another.close();
    return new WeakRef(another);
  };
  const gone = [await closed(), await closed(), await closed(), await closed()];
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const left = () => {
    collect();
    return gone.filter((each) => each.deref() !== undefined).length;
  };
  await expect.poll(left, { timeout: 20_000 }).toBe(0);
  await session.run({ a: row(1, 0, 0, 0), b: row(1, 2, 3, 4) });
});

test("closing lets everything asked for before end", async () => {
  start();
  const session = await open(slow(20));
  const other = await open(adder());
  const runs = Array.from({ length: 8 }, () => session.run({ a: matrix }));
  await Promise.all([session.close(), session.close()]);
  expect((await Promise.all(runs)).length).toBe(8);
  await expect(session.run({ a: matrix })).rejects.toThrow("the session is closed");

  const last = other.run({ a: row(1, 1, 1, 1), b: row(1, 1, 1, 1) });
  await engine.close();
  expect((await last).sum).toEqual(row(2, 2, 2, 2));
  await expect(other.run({})).rejects.toThrow("the session is closed");
  await expect(open(adder())).rejects.toThrow("the engine is closed");
});
