/** The embedded bus between real processes, through a supervisor's relay. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type ChaosOptions, createRelay, type Relay } from "@amaas/events";
import { afterEach, expect, test, vi } from "vitest";

interface Peer {
  readonly child: ChildProcess;
  readonly heard: number[];
  connects: number;
  publish(versions: readonly number[]): Promise<void>;
}

const fixture = new URL("./peer.fixture.ts", import.meta.url);
const peers: Peer[] = [];

function startPeer(relay?: Relay): Peer {
  const child = fork(fixture, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const peer: Peer = {
    child,
    heard: [],
    connects: 0,
    async publish(versions) {
      const done = Promise.withResolvers<void>();
      const listen = (message: { type: string }) => {
        if (message.type === "test:published") done.resolve();
      };
      child.on("message", listen);
      child.send({ type: "test:publish", versions });
      await done.promise;
      child.off("message", listen);
    },
  };
  child.on("message", (message: { type?: string; version?: number } | null) => {
    if (message?.type === "test:connected") peer.connects += 1;
    if (message?.type === "test:heard" && message.version) peer.heard.push(message.version);
  });
  relay?.attach(child);
  peers.push(peer);
  return peer;
}

const connected = (count: number, ...some: Peer[]) =>
  vi.waitFor(() => expect(Math.min(...some.map(({ connects }) => connects))).toBe(count), 10_000);

afterEach(async () => {
  for (const { child } of peers.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test("what one child publishes, every child hears in order, itself included", async () => {
  const relay = createRelay();
  const [a, b, c] = [startPeer(relay), startPeer(relay), startPeer(relay)];
  await connected(1, a, b, c);
  await a.publish(upTo(50));
  for (const { heard } of [a, b, c]) await vi.waitFor(() => expect(heard).toEqual(upTo(50)));
});

test("a child that dies, is stopped or comes later disturbs nobody", async () => {
  const relay = createRelay();
  const [a, b, doomed] = [startPeer(relay), startPeer(relay), startPeer(relay)];
  await connected(1, a, b, doomed);
  doomed.child.kill("SIGSTOP");
  await a.publish(upTo(1200));
  await vi.waitFor(() => expect(b.heard).toHaveLength(1200));
  doomed.child.kill("SIGKILL");
  const late = startPeer(relay);
  await connected(1, late);
  await b.publish([2000]);
  await vi.waitFor(() => expect(late.heard).toEqual([2000]));
  await vi.waitFor(() => expect(a.heard.at(-1)).toBe(2000));
});

test("under a parent that carries no events, a process hears itself", async () => {
  const alone = startPeer();
  await connected(1, alone);
  await alone.publish(upTo(3));
  await vi.waitFor(() => expect(alone.heard).toEqual(upTo(3)));
});

test("a closed relay carries nothing", async () => {
  const relay = createRelay();
  const [a, b] = [startPeer(relay), startPeer(relay)];
  await connected(1, a, b);
  relay.close();
  await a.publish([1]);
  await setTimeout(100);
  expect(b.heard).toEqual([]);
});

test("a bus that is closed lets its process end while the channel is open", async () => {
  const peer = startPeer(createRelay());
  await connected(1, peer);
  peer.child.send({ type: "test:close" });
  const [code] = await once(peer.child, "exit");
  expect(code).toBe(0);
});

test("a hostile child's messages are not carried, and its relay lives on", async () => {
  const relay = createRelay();
  const [a, b] = [startPeer(relay), startPeer(relay)];
  await connected(1, a, b);
  const hostile = [
    null,
    7,
    "amaas:event",
    { type: "amaas:event" },
    { type: "amaas:event", subject: 7, id: {}, data: [] },
    { type: "amaas:event", subject: "x".repeat(300), id: "1", data: "" },
    { type: "amaas:event", subject: "amaas.registry.alias.moved", id: "1", data: "/".repeat(2e5) },
    { type: "amaas:event", subject: "amaas.registry.alias.moved", id: "1", data: "//8=" },
  ];
  for (const message of hostile) a.child.emit("message", message);
  await a.publish([1]);
  await vi.waitFor(() => expect(b.heard).toEqual([1]));
});

test("chaos: events are lost, repeated and reordered, by the seed", async () => {
  const chaos: ChaosOptions = { seed: 11, drop: 0.3, repeat: 0.3, reorder: 0.3 };
  const run = async () => {
    const relay = createRelay({ chaos });
    const [a, b] = [startPeer(relay), startPeer(relay)];
    await connected(1, a, b);
    await a.publish(upTo(200));
    // Whatever is held back comes once nothing else does.
    await setTimeout(300);
    return { a: a.heard, b: b.heard };
  };
  const [first, again] = [await run(), await run()];
  expect(again).toEqual(first);
  expect(first.a, "each child has its own weather").not.toEqual(first.b);
  expect(new Set(first.b).size).toBeLessThan(200);
  expect(first.b.length).toBeGreaterThan(new Set(first.b).size);
  expect(first.b).not.toEqual(first.b.toSorted((x, y) => x - y));
});
