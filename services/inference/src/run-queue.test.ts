import { expect, test } from "vitest";
import { type Job, RunQueue } from "./run-queue.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function queueOf(options: { threads?: number; limit?: number; byteLimit?: number } = {}) {
  const queue = new RunQueue({ threads: 1, limit: 100, byteLimit: 1000, ...options });
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, job: Partial<Job> = {}) =>
    queue.run(
      {
        bytes: 1,
        expectedMs: 10,
        deadline: undefined,
        signal: new AbortController().signal,
        ...job,
      },
      () => {
        order.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
    );
  return { run, order, end: (name: string) => ends.get(name)?.() };
}

test("as many run at a time as there are threads, the others in the order they came", async () => {
  const { run, order, end } = queueOf({ threads: 2 });
  const runs = ["a", "b", "c", "d"].map((name) => run(name));
  await turn();
  expect(order).toEqual(["a", "b"]);
  end("b");
  await turn();
  expect(order).toEqual(["a", "b", "c"]);
  for (const name of ["a", "c", "d"]) {
    end(name);
    await turn();
  }
  expect((await Promise.all(runs)).map(({ result }) => result)).toEqual(["a", "b", "c", "d"]);
});

test("a run that fails frees its thread", async () => {
  const queue = new RunQueue({ threads: 1, limit: 1, byteLimit: 1 });
  const job = {
    bytes: 1,
    expectedMs: 0,
    deadline: undefined,
    signal: new AbortController().signal,
  };
  await expect(queue.run(job, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect((await queue.run(job, async () => "fine")).result).toBe("fine");
});

test("a full queue refuses at once and says when to come back", async () => {
  const { run } = queueOf({ limit: 2 });
  for (const name of ["a", "b", "c"]) void run(name);
  await expect(run("d")).rejects.toMatchObject({ code: "resource-exhausted", retryAfterMs: 20 });
});

test("bytes that wait are limited too, but one request always may", async () => {
  const { run } = queueOf({ byteLimit: 10 });
  void run("a", { bytes: 50 });
  void run("b", { bytes: 50 });
  await expect(run("c")).rejects.toMatchObject({ code: "resource-exhausted" });
});

test("what would wait past its deadline is refused at once; a free thread refuses nobody", async () => {
  const { run, end } = queueOf();
  const soon = () => ({ deadline: Date.now() + 1000, expectedMs: 5000 });
  const first = run("a", soon());
  const second = run("b", soon());
  await expect(run("c", soon())).rejects.toMatchObject({
    code: "resource-exhausted",
    retryAfterMs: 5000,
  });
  end("a");
  await turn();
  end("b");
  await Promise.all([first, second]);
});

test("a caller who leaves the queue is never run and makes room", async () => {
  const { run, order, end } = queueOf({ limit: 1 });
  const first = run("a");
  const leaving = new AbortController();
  const left = run("b", { signal: leaving.signal });
  leaving.abort(new Error("the caller has left"));
  await expect(left).rejects.toThrow("the caller has left");
  const third = run("c");
  end("a");
  await turn();
  end("c");
  await Promise.all([first, third]);
  expect(order).toEqual(["a", "c"]);
});

test("a caller who has left before is not even queued", async () => {
  const { run, order } = queueOf();
  await expect(run("a", { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
  expect(order).toEqual([]);
});
