import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { Flights, type Passenger } from "./flights.ts";
import type { RequestKey } from "./request-key.ts";

function flightsOf() {
  const flights = new Flights<string>();
  const runs: { name: string; signal: AbortSignal; end: PromiseWithResolvers<string> }[] = [];
  const ask = (name: string, bytes: string, passenger: Partial<Passenger> = {}) => {
    // All of the same hash, so that only the bytes tell them apart.
    const key: RequestKey = { hash: 7, head: "", parts: [Buffer.from(bytes)], bytes: 1 };
    const plain = { tenant: "", priority: 0, timeoutUs: 0, signal: new AbortController().signal };
    const flown = flights.fly(key, { ...plain, ...passenger }, (signal) => {
      const end = Promise.withResolvers<string>();
      runs.push({ name, signal, end });
      return end.promise;
    });
    flown.catch(() => {});
    return flown;
  };
  return { ask, runs };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("identical requests are run once, others are not mixed up with them", async () => {
  const { ask, runs } = flightsOf();
  const [a, again, b] = [ask("a", "x"), ask("again", "x"), ask("b", "y")];
  expect(runs.map(({ name }) => name)).toEqual(["a", "b"]);
  runs[1]!.end.resolve("for y");
  runs[0]!.end.resolve("for x");
  expect(await Promise.all([a, again, b])).toEqual([
    { outcome: "for x", first: true },
    { outcome: "for x", first: false },
    { outcome: "for y", first: true },
  ]);
  ask("later", "x");
  expect(runs).toHaveLength(3);
});

test("the first may leave, and the others are answered all the same; when all have left it is given up", async () => {
  const { ask, runs } = flightsOf();
  const leaving = [new AbortController(), new AbortController()];
  const [a, b] = leaving.map(({ signal }, at) => ask(`${at}`, "x", { signal }));
  const c = ask("c", "x");
  leaving[0]!.abort(new Error("left"));
  await expect(a).rejects.toThrow("left");
  expect(runs[0]!.signal.aborted).toBe(false);
  leaving[1]!.abort(new Error("left too"));
  await expect(b).rejects.toThrow("left too");
  runs[0]!.end.resolve("done");
  expect(await c).toEqual({ outcome: "done", first: false });

  const last = new AbortController();
  const d = ask("d", "z", { signal: last.signal });
  last.abort(new Error("gone"));
  await expect(d).rejects.toThrow("gone");
  expect(runs[1]!.signal.aborted).toBe(true);
  // Who comes now does not board what was given up.
  ask("e", "z");
  expect(runs.map(({ name }) => name)).toEqual(["0", "d", "e"]);
});

test("where the deadline of the first has passed, one of the others takes its place", async () => {
  const { ask, runs } = flightsOf();
  const [a, b, c] = ["a", "b", "c"].map((name) => ask(name, "x"));
  runs[0]!.end.reject(new DomainError("deadline-exceeded", "too late"));
  await expect(a).rejects.toThrow("too late");
  await turn();
  expect(runs.map(({ name }) => name)).toEqual(["a", "b"]);
  runs[1]!.end.resolve("done");
  expect(await b).toEqual({ outcome: "done", first: true });
  expect(await c).toEqual({ outcome: "done", first: false });
});

test("a run that fails fails all who wait for it, and is not tried by each of them", async () => {
  const { ask, runs } = flightsOf();
  const all = ["a", "b", "c"].map((name) => ask(name, "x"));
  runs[0]!.end.reject(new DomainError("internal", "the model crashed"));
  for (const one of all) await expect(one).rejects.toThrow("the model crashed");
  expect(runs).toHaveLength(1);
});

test("nobody waits for a request of another tenant, priority or patience", () => {
  const { ask, runs } = flightsOf();
  const others = [{}, { tenant: "b" }, { priority: 1 }, { timeoutUs: 5 }];
  for (const other of [...others, ...others]) ask("", "x", other);
  expect(runs).toHaveLength(4);
});
