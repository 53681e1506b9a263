import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEvents } from "./events.ts";
import type { LoadedVersion } from "./loaded-version.ts";
import type { Wanted } from "./model-version.ts";
import { ServedModel } from "./served-model.ts";
import { VersionStatistics } from "./version-statistics.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const version = (number: number): Wanted => ({
  model: "digits",
  version: number,
  digest: `sha256:${number}`,
  bytes: 1,
  traceparent: "",
});

/** A model whose loads end when they are told to. */
function servedModel() {
  const log: string[] = [];
  const loads = new Map<number, PromiseWithResolvers<LoadedVersion>>();
  const telemetry = nullTelemetry();
  const model = new ServedModel("digits", {
    open(wanted) {
      log.push(`open ${wanted.version}`);
      const load = Promise.withResolvers<LoadedVersion>();
      loads.set(wanted.version, load);
      return load.promise;
    },
    onServing: (_, serving) => log.push(serving ? "serving" : "not serving"),
    announce: (wanted) => log.push(`announce ${wanted.version}`),
    events: createEvents(telemetry),
    tracer: telemetry.tracer,
  });
  const answering = (number: number): LoadedVersion => ({
    signature: { inputs: [], outputs: [] },
    statistics: new VersionStatistics("digits", String(number)),
    submit: async () => {
      throw new Error("nobody asks");
    },
    close: async () => void log.push(`close ${number}`),
  });
  return {
    model,
    log,
    async loaded(number: number) {
      loads.get(number)?.resolve(answering(number));
      await vi.advanceTimersByTimeAsync(0);
    },
    async failed(number: number) {
      loads.get(number)?.reject(new Error("damaged"));
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

test("a version is served once it is loaded, and its successor takes its place", async () => {
  const { model, log, loaded } = servedModel();
  model.want(version(1));
  model.want(version(1));
  expect(() => model.hold("")).toThrow("is not at ready state: version 1 is loading");
  await loaded(1);
  expect(model.hold("").version.number).toBe("1");
  model.want(version(2));
  expect(model.serving?.number).toBe("1");
  await loaded(2);
  expect(model.hold("2").version.number).toBe("2");
  expect(() => model.hold("1")).toThrow("version '1' is not found; version 2 is served");
  expect(log).toEqual(["not serving", "open 1", "serving", "announce 1", "open 2", "announce 2"]);
});

test("a version that is held stays open until it is let go, by the last one", async () => {
  const { model, log, loaded } = servedModel();
  model.want(version(1));
  await loaded(1);
  const [first, second] = [model.hold(""), model.hold("1")];
  model.want(version(2));
  await loaded(2);
  expect(first.version.state.kind).toBe("draining");
  first.release();
  first.release();
  await vi.advanceTimersByTimeAsync(0);
  expect(log).not.toContain("close 1");
  second.release();
  expect(second.version.state.kind).toBe("closed");
  await vi.advanceTimersByTimeAsync(0);
  expect(log).toContain("close 1");
});

test("a version that is not wanted any more when it is loaded never answers", async () => {
  const { model, log, loaded } = servedModel();
  model.want(version(1));
  await loaded(1);
  model.want(version(2));
  model.want(version(3));
  await loaded(2);
  expect(model.serving?.number).toBe("1");
  model.want(version(1));
  await loaded(3);
  expect(model.serving?.number).toBe("1");
  expect(log.slice(4)).toEqual(["open 2", "close 2", "open 3", "close 3"]);
});

test("a load that fails leaves the old version, and is tried again less and less often", async () => {
  const { model, log, loaded, failed } = servedModel();
  model.want(version(1));
  await loaded(1);
  const opened = () => log.filter((line) => line === "open 2").length;
  model.want(version(2));
  await failed(2);
  model.want(version(2));
  expect([opened(), model.serving?.number]).toEqual([1, "1"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(opened()).toBe(2);
  await failed(2);
  await vi.advanceTimersByTimeAsync(999);
  expect(opened()).toBe(2);
  await vi.advanceTimersByTimeAsync(1001);
  expect(opened()).toBe(3);
  await loaded(2);
  expect(model.serving?.number).toBe("2");
});

test("another version is not kept waiting by one that failed", async () => {
  const { model, log, failed, loaded } = servedModel();
  model.want(version(1));
  await failed(1);
  expect(() => model.hold("")).toThrow("no available versions: version 1 failed to load: damaged");
  model.want(version(2));
  expect(log.at(-1)).toBe("open 2");
  await loaded(2);
  expect(model.serving?.number).toBe("2");
});

test("closing waits for who holds a version and for what is being loaded", async () => {
  const { model, log, loaded } = servedModel();
  model.want(version(1));
  await loaded(1);
  const held = model.hold("");
  model.want(version(2));
  let closed = false;
  void model.close().then(() => {
    closed = true;
  });
  await loaded(2);
  expect(() => model.hold("")).toThrow("unknown model: 'digits' is not found");
  expect(closed).toBe(false);
  held.release();
  await vi.advanceTimersByTimeAsync(0);
  expect(closed).toBe(true);
  expect(log.slice(-3)).toEqual(["close 2", "not serving", "close 1"]);
});
