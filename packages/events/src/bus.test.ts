import { setTimeout } from "node:timers/promises";
import { nullTelemetry, traceIdOf } from "@amaas/telemetry";
import { describe, expect, test } from "vitest";
import { TransportBus } from "./bus.ts";
import { type Event, encodeEvent, type WireEvent } from "./event.ts";
import type { Receiver } from "./transport.ts";

const moved = (version: number): Event<"amaas.registry.alias.moved"> => ({
  subject: "amaas.registry.alias.moved",
  id: `alias-${version}`,
  data: { model: "digits", alias: "champion", version, revision: version },
});

/** A bus whose transport is in the test's hands. */
function openBus() {
  const telemetry = nullTelemetry();
  const sent: WireEvent[] = [];
  let receiver!: Receiver;
  const bus = new TransportBus((given) => {
    receiver = given;
    return {
      system: "test",
      async send(event) {
        sent.push(event);
      },
      async close() {},
    };
  }, telemetry);
  return { bus, sent, receiver, telemetry };
}

test("a subscriber gets its subject's events, typed and in order", async () => {
  const { bus, receiver } = openBus();
  const seen: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  bus.subscribe("amaas.registry.alias.moved", async ({ data }) => {
    await setTimeout(data.version === 1 ? 20 : 0);
    seen.push(data.version);
    if (data.version === 3) resolve();
  });
  bus.subscribe("amaas.scheduler.job.changed", () => expect.unreachable());
  for (const version of [1, 2, 3]) receiver.received(encodeEvent(moved(version)));
  await done;
  expect(seen).toEqual([1, 2, 3]);
});

test("every subscriber of a subject gets the event, also where another one throws", async () => {
  const { bus, receiver } = openBus();
  const seen: string[] = [];
  bus.subscribe("amaas.registry.alias.moved", () => {
    seen.push("first");
    throw new Error("broken handler");
  });
  bus.subscribe("amaas.registry.alias.moved", () => void seen.push("second"));
  receiver.received(encodeEvent(moved(1)));
  receiver.received(encodeEvent(moved(2)));
  await setTimeout(10);
  expect(seen.toSorted()).toEqual(["first", "first", "second", "second"]);
});

test("a closed subscription gets nothing more, not even what waits", async () => {
  const { bus, receiver } = openBus();
  const seen: number[] = [];
  const subscription = bus.subscribe("amaas.registry.alias.moved", ({ data }) => {
    seen.push(data.version);
    subscription.close();
  });
  for (const version of [1, 2, 3]) receiver.received(encodeEvent(moved(version)));
  await setTimeout(10);
  expect(seen).toEqual([1]);
});

test("a slow subscriber loses the oldest events, not the newest", async () => {
  const { bus, receiver } = openBus();
  const seen: number[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  bus.subscribe("amaas.registry.alias.moved", async ({ data }) => {
    await gate;
    seen.push(data.version);
  });
  receiver.received(encodeEvent(moved(0)));
  await setTimeout(1);
  for (let version = 1; version <= 1500; version++) receiver.received(encodeEvent(moved(version)));
  open();
  await setTimeout(50);
  expect(seen).toEqual([0, ...Array.from({ length: 1000 }, (_, i) => 501 + i)]);
});

describe("what comes from outside", () => {
  const good = encodeEvent(moved(1));
  const hostile: readonly (readonly [string, WireEvent])[] = [
    ["an unknown subject", { ...good, subject: "amaas.unknown" }],
    ["a subject that is a property of every object", { ...good, subject: "constructor" }],
    ["no id", { ...good, id: "" }],
    ["an id with a line break", { ...good, id: "a\r\nb" }],
    ["a payload that is cut off", { ...good, data: good.data.subarray(0, 3) }],
    ["a payload of nonsense", { ...good, data: new Uint8Array(100).fill(255) }],
    ["a payload without end", { ...good, data: new Uint8Array(65 * 1024) }],
  ];

  test.each(hostile)("%s reaches no handler and breaks nothing", async (_, event) => {
    const { bus, receiver } = openBus();
    const seen: number[] = [];
    bus.subscribe("amaas.registry.alias.moved", ({ data }) => void seen.push(data.version));
    receiver.received(event);
    receiver.received(encodeEvent(moved(2)));
    await setTimeout(5);
    expect(seen).toEqual([2]);
  });

  test("a broken trace context costs the trace only", async () => {
    const { bus, receiver } = openBus();
    const seen: unknown[] = [];
    bus.subscribe("amaas.registry.alias.moved", (event) => void seen.push(event.traceparent));
    receiver.received({ ...good, traceparent: "00-xyz\r\nEvil: 1" });
    await setTimeout(5);
    expect(seen).toEqual([undefined]);
  });
});

test("an event that could not travel is refused to its publisher", async () => {
  const { bus, sent } = openBus();
  const refusal = { code: "invalid-argument" };
  await expect(bus.publish({ ...moved(1), id: "two words" })).rejects.toMatchObject(refusal);
  const data = { ...moved(1).data, model: "m".repeat(70_000) };
  await expect(bus.publish({ ...moved(1), data })).rejects.toMatchObject(refusal);
  expect(sent).toEqual([]);
});

describe("traces", () => {
  const cause = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;

  test("an event travels under a span that descends from what caused it", async () => {
    const { bus, sent, telemetry } = openBus();
    await bus.publish({ ...moved(1), traceparent: cause });
    expect(sent[0]?.traceparent).not.toBe(cause);
    expect(traceIdOf(sent[0]!.traceparent!)).toBe(traceIdOf(cause));

    await telemetry.tracer.span("registering", {}, async (span) => {
      await bus.publish(moved(2));
      expect(traceIdOf(sent[1]!.traceparent!)).toBe(traceIdOf(span.traceparent));
    });
  });

  test("a handler runs in a span of the publisher's trace", async () => {
    const { bus, receiver, telemetry } = openBus();
    const active: (string | undefined)[] = [];
    bus.subscribe("amaas.registry.alias.moved", () => void active.push(telemetry.tracer.context()));
    receiver.received({ ...encodeEvent(moved(1)), traceparent: cause });
    receiver.received(encodeEvent(moved(2)));
    await setTimeout(5);
    const [first, second] = active;
    expect(traceIdOf(first!)).toBe(traceIdOf(cause));
    expect(traceIdOf(second!), "the one before is not its parent").not.toBe(traceIdOf(cause));
  });
});

describe("onConnect", () => {
  test("is called on every connect, and at once where there is a connection", async () => {
    const { bus, receiver } = openBus();
    const calls: string[] = [];
    bus.onConnect(() => {
      calls.push("early");
      throw new Error("broken reader");
    });
    receiver.connected();
    bus.onConnect(() => calls.push("late"));
    await setTimeout(1);
    receiver.connected();
    expect(calls).toEqual(["early", "late", "early", "late"]);
  });
});

test("close waits for the handler at work and starts no other", async () => {
  const { bus, receiver } = openBus();
  const seen: string[] = [];
  bus.subscribe("amaas.registry.alias.moved", async ({ id }) => {
    seen.push(`${id} starts`);
    await setTimeout(20);
    seen.push(`${id} ends`);
  });
  for (const version of [1, 2]) receiver.received(encodeEvent(moved(version)));
  await setTimeout(5);
  await bus.close();
  receiver.received(encodeEvent(moved(3)));
  expect(seen).toEqual(["alias-1 starts", "alias-1 ends"]);
});
