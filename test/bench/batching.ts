/**
 * What the batcher takes of a request: nanoseconds from submit to answer, against a promise that is
 * settled by a callback. Runs take no time, so all that is measured is the batcher's own; in processor time of the
 * thread, which does not count what else the machine does.
 */
import { Batcher, knobs, Room, Slots, systemClock, type Work } from "@amaas/batching";
import { benchOptions } from "./options.ts";
import { printReport, tell } from "./report.ts";
import { median } from "./statistics.ts";

benchOptions();
const count = 200_000;
const rounds = 7;
const mostNs = 5000;

type Ask = (at: number) => Work<number>;

const plain = { rows: 1, bytes: 64, shape: "", tenant: "", priority: 0 };
const bare: Ask = (at) => ({ ...plain, item: at, deadline: undefined, signal: undefined });
/** As requests come by gRPC: each with a deadline and a caller who may leave. */
const full: Ask = (at) => ({
  ...plain,
  item: at,
  tenant: `tenant ${at % 8}`,
  priority: 1 + (at % 2),
  shape: `shape ${at % 3}`,
  deadline: Date.now() + 60_000,
  signal: new AbortController().signal,
});

function batcherOf() {
  return new Batcher<number, number>({
    policy: knobs({ maxRows: 32, priorityLevels: 2, defaultPriority: 1 }),
    instances: 1,
    limit: count,
    slots: new Slots(1),
    room: new Room({ bytes: 1e9 }),
    clock: systemClock,
    run: async ({ items }) => items,
  });
}

/** One after the other: nothing ever waits. */
async function inTurn(ask: Ask): Promise<void> {
  const batcher = batcherOf();
  for (let at = 0; at < count; at++) await batcher.submit(ask(at));
}

/** A thousand at once: nearly all wait. */
async function atOnce(ask: Ask): Promise<void> {
  const batcher = batcherOf();
  for (let at = 0; at < count; at += 1000)
    await Promise.all(Array.from({ length: 1000 }, (_, more) => batcher.submit(ask(at + more))));
}

async function promises(ask: Ask): Promise<void> {
  for (let at = 0; at < count; at++)
    await new Promise<Work<number>>((resolve) => queueMicrotask(() => resolve(ask(at))));
}

const cases: readonly [name: string, run: () => Promise<void>][] = [
  ["a promise, bare", () => promises(bare)],
  ["a promise, deadline and signal made", () => promises(full)],
  ["idle, bare", () => inTurn(bare)],
  ["idle, deadline and signal", () => inTurn(full)],
  ["a thousand wait, bare", () => atOnce(bare)],
  ["a thousand wait: 8 tenants, 3 shapes, 2 levels, deadline and signal", () => atOnce(full)],
];

const times = new Map(cases.map(([name]) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++)
  for (const [name, run] of cases) {
    const before = process.threadCpuUsage();
    await run();
    const { user, system } = process.threadCpuUsage(before);
    times.get(name)!.push(((user + system) * 1000) / count);
    tell(`round ${round + 1} of ${rounds}: ${name}`);
  }

const figures = cases.map(([name]) => {
  const ns = times.get(name)!;
  return { name, medianNs: Math.round(median(ns)), leastNs: Math.round(Math.min(...ns)) };
});
const most = Math.max(...figures.map(({ medianNs }) => medianNs));
printReport({
  bench: "batching",
  header: ["a request", "median, ns", "least, ns"],
  rows: figures.map(({ name, medianNs, leastNs }) => [name, `${medianNs}`, `${leastNs}`]),
  targets: [
    {
      what: "a request, whatever it comes with",
      wanted: `<= ${mostNs} ns`,
      found: `${most} ns`,
      met: most <= mostNs,
    },
  ],
  figures: { figures },
});
