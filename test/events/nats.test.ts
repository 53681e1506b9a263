/** Events over a real nats-server. */
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Bus, connectBus, type Event } from "@amaas/events";
import { nullTelemetry, traceIdOf } from "@amaas/telemetry";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type NatsServer, natsAvailable, startNats } from "../servers/nats.ts";

const telemetry = nullTelemetry();
const buses: Bus[] = [];
let ids = 0;

const moved = (version: number): Event<"amaas.registry.alias.moved"> => ({
  subject: "amaas.registry.alias.moved",
  id: `alias-${version}-${ids++}`,
  data: { model: "digits", alias: "champion", version, revision: version },
});

interface Listener {
  readonly bus: Bus;
  readonly heard: Event<"amaas.registry.alias.moved">[];
  connects: number;
}

async function listen(natsUrl: string): Promise<Listener> {
  const bus = await connectBus({ natsUrl, telemetry, name: "test" });
  buses.push(bus);
  const listener: Listener = { bus, heard: [], connects: 0 };
  bus.subscribe("amaas.registry.alias.moved", (event) => void listener.heard.push(event));
  bus.onConnect(() => {
    listener.connects += 1;
  });
  return listener;
}

const connects = (count: number, ...listeners: Listener[]) =>
  vi.waitFor(() => {
    for (const listener of listeners) expect(listener.connects).toBe(count);
  }, 15_000);

const hears = (listener: Listener, versions: readonly number[]) =>
  vi.waitFor(() => {
    expect(listener.heard.map(({ data }) => data.version)).toEqual(versions);
  }, 10_000);

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** Fails with `unavailable` in much less time than a caller would wait. */
async function refuses(bus: Bus): Promise<void> {
  await expect(bus.publish(moved(0))).rejects.toMatchObject({ code: "unavailable" });
}

/** Says something to the server without a client in between. */
async function say(natsUrl: string, ...lines: string[]): Promise<void> {
  const { hostname, port } = new URL(natsUrl);
  const socket = createConnection(Number(port), hostname);
  await once(socket, "data");
  socket.write(["CONNECT {}", ...lines, "PING", ""].join("\r\n"), "latin1");
  await once(socket, "data");
  socket.destroy();
}

afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
});

describe.skipIf(!natsAvailable())("with a server", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server?.stop());

  test("events go from one process' bus to every other's, in order, with their trace", async () => {
    // One after the other: the stream is there when the second one starts to read it.
    const a = await listen(server.url);
    await connects(1, a);
    const b = await listen(server.url);
    await connects(1, b);
    const sent = upTo(100).map(moved);
    await telemetry.tracer.span("registering", {}, async (span) => {
      for (const event of sent) await a.bus.publish(event);
      for (const listener of [a, b]) await hears(listener, upTo(100));
      expect(b.heard.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
      expect(b.heard[0]?.data).toEqual(sent[0]?.data);
      const traces = new Set(b.heard.map(({ traceparent }) => traceIdOf(traceparent!)));
      expect([...traces]).toEqual([traceIdOf(span.traceparent)]);
    });
  });

  test("a repeat of an id is known as one", async () => {
    const [a, b] = [await listen(server.url), await listen(server.url)];
    await connects(1, a, b);
    const event = moved(1);
    await a.bus.publish(event);
    await a.bus.publish(event);
    await b.bus.publish(event);
    await a.bus.publish(moved(2));
    await hears(b, [1, 2]);
  });

  test("who comes later hears only what is new", async () => {
    const early = await listen(server.url);
    await connects(1, early);
    await early.bus.publish(moved(1));
    const late = await listen(server.url);
    await connects(1, late);
    await early.bus.publish(moved(2));
    await hears(late, [2]);
  });

  test("the server killed: publishing fails at once; back again: everything goes on", async () => {
    const [a, b] = [await listen(server.url), await listen(server.url)];
    await connects(1, a, b);
    const before = moved(1);
    await a.bus.publish(before);
    await hears(b, [1]);

    await server.kill();
    await vi.waitFor(() => refuses(a.bus));
    await refuses(b.bus);

    await server.restart();
    await connects(2, a, b);
    await a.bus.publish(before);
    await a.bus.publish(moved(2));
    await hears(b, [1, 2]);
  });

  test("the server hangs: publishing fails in seconds; it goes on: so do we", async () => {
    const [a, b] = [await listen(server.url), await listen(server.url)];
    await connects(1, a, b);
    server.signal("SIGSTOP");
    try {
      // The signal may still be on its way while one more message is taken.
      await vi.waitFor(() => refuses(a.bus), 20_000);
    } finally {
      server.signal("SIGCONT");
    }
    await connects(2, a);
    await vi.waitFor(() => a.bus.publish(moved(2)), 5000);
    await vi.waitFor(() => expect(b.heard.at(-1)?.data.version).toBe(2), 5000);
  });

  test("the server is not there when we start", async () => {
    await server.kill();
    const listener = await listen(server.url);
    await refuses(listener.bus);
    await setTimeout(300);
    expect(listener.connects).toBe(0);

    await server.restart();
    await connects(1, listener);
    await listener.bus.publish(moved(1));
    await hears(listener, [1]);
  });

  test("the stream is deleted under us: it is made again", async () => {
    const [a, b] = [await listen(server.url), await listen(server.url)];
    await connects(1, a, b);
    await say(server.url, "PUB $JS.API.STREAM.DELETE.AMAAS 0", "");
    await vi.waitFor(() => a.bus.publish(moved(1)), 10_000);
    await vi.waitFor(
      async () => {
        await a.bus.publish(moved(2));
        expect(b.heard.at(-1)?.data.version).toBe(2);
      },
      { timeout: 20_000, interval: 500 },
    );
  }, 30_000);

  test("hostile messages reach no handler and break nothing", async () => {
    const listener = await listen(server.url);
    await connects(1, listener);
    const pub = (subject: string, text: string) => [`PUB ${subject} ${text.length}`, text];
    const lines = [
      ...pub("amaas.registry.alias.moved", "\xff\xff\xff"),
      ...pub("amaas.registry.alias.moved", "x".repeat(100_000)),
      ...pub("amaas.nobody.knows.this", "abc"),
      ...pub("amaas.constructor", "abc"),
    ];
    await say(server.url, ...lines);
    await listener.bus.publish(moved(1));
    await hears(listener, [1]);
  });

  test("closing while connected takes no time and later publishing fails", async () => {
    const { bus } = await listen(server.url);
    await bus.close();
    await refuses(bus);
  });
});

test("a server that accepts and says nothing delays neither the start nor the end", async () => {
  const mute = createServer().listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = mute.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { bus } = await listen(`nats://127.0.0.1:${port}`);
  await refuses(bus);
  await bus.close();
  mute.close();
});
