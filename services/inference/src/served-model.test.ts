import { unbatched } from "@amaas/batching";
import { ModelConfig } from "@amaas/proto/inference/model_config";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createEvents } from "./events.ts";
import type { LoadedVersion } from "./loaded-version.ts";
import type { Wanted } from "./model-version.ts";
import { ServedModel } from "./served-model.ts";
import { VersionStatistics } from "./version-statistics.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const version = (number: number, digest = `sha256:${number}`): Wanted => ({
  model: "digits",
  version: number,
  digest,
  bytes: 1,
  traceparent: "",
  read: async () => new Uint8Array(1),
  config: undefined,
  persistent: true,
});

const only = (number: number, digest?: string) => ({
  versions: [version(number, digest)],
  labels: new Map<string, number>(),
});

/** These and no others, as a folder has them. */
const all = (...numbers: number[]) => ({
  versions: numbers.map((number) => version(number)),
  labels: new Map<string, number>(),
});

/** A model whose loads end when they are told to. */
function servedModel() {
  const log: string[] = [];
  const loads = new Map<number, PromiseWithResolvers<LoadedVersion>>();
  const opened: Wanted[] = [];
  const signals: AbortSignal[] = [];
  const breaks: ((why: Error) => void)[] = [];
  const telemetry = nullTelemetry();
  const model = new ServedModel("digits", {
    open(wanted, signal, onFailure) {
      log.push(`open ${wanted.version}`);
      opened.push(wanted);
      signals.push(signal);
      breaks.push(onFailure);
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
    config: ModelConfig.create(),
    batching: { countsRows: false, mostRows: undefined, policy: unbatched },
    statistics: new VersionStatistics("digits", String(number)),
    answers: undefined,
    submit: async () => {
      throw new Error("nobody asks");
    },
    close: async () => void log.push(`close ${number}`),
  });
  return {
    model,
    log,
    /** Of each load that was begun: what, whether it is still wanted, and what puts its version out of service. */
    opened,
    signals,
    breaks,
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
  model.want(only(1));
  model.want(only(1));
  expect(() => model.hold("")).toThrow("is not at ready state: version 1 is loading");
  await loaded(1);
  expect(model.hold("").version.number).toBe("1");
  model.want(only(2));
  expect(model.serving?.number).toBe("1");
  await loaded(2);
  expect(model.hold("2").version.number).toBe("2");
  expect(() => model.hold("1")).toThrow("version '1' is not found; version 2 is served");
  expect(log).toEqual(["not serving", "open 1", "serving", "announce 1", "open 2", "announce 2"]);
});

test("a version that is held stays open until it is let go, by the last one", async () => {
  const { model, log, loaded } = servedModel();
  model.want(only(1));
  await loaded(1);
  const [first, second] = [model.hold(""), model.hold("1")];
  model.want(only(2));
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
  model.want(only(1));
  await loaded(1);
  model.want(only(2));
  model.want(only(3));
  await loaded(2);
  expect(model.serving?.number).toBe("1");
  model.want(only(1));
  await loaded(3);
  expect(model.serving?.number).toBe("1");
  expect(log.filter((line) => line.startsWith("close"))).toEqual(["close 2", "close 3"]);
  expect(log.filter((line) => line.startsWith("announce"))).toEqual(["announce 1"]);
});

test("a load that fails leaves the old version, and is tried again less and less often", async () => {
  const { model, log, loaded, failed } = servedModel();
  model.want(only(1));
  await loaded(1);
  const opened = () => log.filter((line) => line === "open 2").length;
  model.want(only(2));
  await failed(2);
  model.want(only(2));
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
  model.want(only(1));
  await failed(1);
  expect(() => model.hold("")).toThrow("no available versions: version 1 failed to load: damaged");
  model.want(only(2));
  expect(log.at(-1)).toBe("open 2");
  await loaded(2);
  expect(model.serving?.number).toBe("2");
});

test("closing waits for who holds a version and for what is being loaded", async () => {
  const { model, log, loaded } = servedModel();
  model.want(only(1));
  await loaded(1);
  const held = model.hold("");
  model.want(only(2));
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
  expect(log.slice(-3)).toEqual(["not serving", "close 2", "close 1"]);
});

describe("several versions", () => {
  test("answer side by side, the highest that is ready where none is named", async () => {
    const { model, loaded } = servedModel();
    model.want(all(1, 2, 3));
    await loaded(1);
    expect(model.hold("").version.number).toBe("1");
    await loaded(3);
    expect(model.hold("").version.number).toBe("3");
    expect(() => model.hold("2")).toThrow("is not at ready state: version 2 is loading");
    await loaded(2);
    expect(model.hold("2").version.number).toBe("2");
    expect(model.ready()).toEqual([1, 2, 3]);
    expect(() => model.hold("4")).toThrow("version '4' is not found; versions 1, 2, 3 are served");
  });

  test("the preferred one answers where none is named, and is asked for by its labels", async () => {
    const { model, loaded } = servedModel();
    const labels = new Map([
      ["champion", 1],
      ["challenger", 2],
      ["old", 7],
    ]);
    model.want({ ...all(1, 2), preferred: 1, labels });
    await loaded(2);
    expect(model.hold("").version.number).toBe("2");
    await loaded(1);
    expect(model.hold("").version.number).toBe("1");
    expect(model.hold("challenger").version.number).toBe("2");
    expect(model.serves("champion")).toBe(true);
    expect(() => model.hold("old")).toThrow("version 'old' is not found");
  });

  test("while the next preferred one loads, the last one answers, not the highest", async () => {
    const { model, loaded } = servedModel();
    const labels = new Map<string, number>();
    model.want({ ...all(1, 9), preferred: 1, labels });
    await loaded(1);
    await loaded(9);
    model.want({ ...all(2, 9), preferred: 2, labels });
    expect(model.hold("").version.number).toBe("1");
    await loaded(2);
    expect(model.hold("").version.number).toBe("2");
    expect(model.serves("1")).toBe(false);
  });

  test("go when those that are wanted have been tried and one of them answers", async () => {
    const { model, loaded, failed } = servedModel();
    model.want(all(1, 2));
    await loaded(1);
    await loaded(2);
    model.want(all(3, 4));
    await failed(3);
    expect(model.ready()).toEqual([1, 2]);
    await loaded(4);
    expect(model.ready()).toEqual([4]);
    expect(model.index()).toEqual([
      { version: "3", state: "UNAVAILABLE", reason: "damaged" },
      { version: "4", state: "READY", reason: "" },
    ]);
    expect(model.missing()).toEqual(["version 3: damaged"]);
  });

  test("all stay where it is not known what should be served", async () => {
    const { model, loaded } = servedModel();
    const problem = { versions: [], labels: new Map<string, number>(), problem: "line 3 is wrong" };
    model.want(problem);
    expect(() => model.hold("")).toThrow("has no available versions: line 3 is wrong");
    expect(model.index()).toEqual([
      { version: "", state: "UNAVAILABLE", reason: "line 3 is wrong" },
    ]);
    model.want(only(1));
    await loaded(1);
    model.want(problem);
    expect(model.hold("").version.number).toBe("1");
  });
});

test("other contents of the same number take its place when they are loaded", async () => {
  const { model, log, loaded, failed } = servedModel();
  model.want(only(1));
  await loaded(1);
  const held = model.hold("1");
  model.want(only(1, "sha256:other"));
  expect(model.serving).toBe(held.version);
  await failed(1);
  expect(model.index()).toEqual([{ version: "1", state: "READY", reason: "damaged" }]);
  await vi.advanceTimersByTimeAsync(1000);
  await loaded(1);
  expect(model.hold("1").version).not.toBe(held.version);
  expect(held.version.state.kind).toBe("draining");
  held.release();
  await vi.advanceTimersByTimeAsync(0);
  expect(log.at(-1)).toBe("close 1");
});

test("what is read of a version later is what its source says by then", async () => {
  const { model, log, opened, loaded } = servedModel();
  const at = (place: number) => ({
    ...only(1),
    versions: [
      {
        ...version(1),
        read: async () => Uint8Array.of(place),
        readWarmUp: async () => Uint8Array.of(10 * place),
      },
    ],
  });
  model.want(at(1));
  await loaded(1);
  model.want(at(2));
  expect(log.filter((line) => line === "open 1")).toHaveLength(1);
  expect(await opened[0]!.read()).toEqual(Uint8Array.of(2));
  expect(await opened[0]!.readWarmUp?.("sample")).toEqual(Uint8Array.of(20));
});

test("a version out of service is not tried again until something else is wanted", async () => {
  const { model, log, breaks, loaded } = servedModel();
  model.want(only(1));
  await loaded(1);
  breaks[0]!(new Error("crashed"));
  await vi.advanceTimersByTimeAsync(600_000);
  model.want(only(1));
  expect(model.index()).toEqual([{ version: "1", state: "UNAVAILABLE", reason: "crashed" }]);
  expect(log.slice(-2)).toEqual(["not serving", "close 1"]);
  model.want(only(1, "sha256:other"));
  await loaded(1);
  expect(model.serves("1")).toBe(true);
});

test("a successor that is being loaded is not begun anew when its predecessor goes out of service", async () => {
  const { model, log, breaks, signals, loaded } = servedModel();
  model.want(only(1));
  await loaded(1);
  model.want(only(1, "sha256:other"));
  breaks[0]!(new Error("crashed"));
  expect(model.index()).toMatchObject([{ version: "1", state: "LOADING" }]);
  model.want(only(1, "sha256:other"));
  expect(signals[1]!.aborted).toBe(false);
  await loaded(1);
  expect(model.serves("1")).toBe(true);
  expect(log.filter((line) => line === "open 1")).toHaveLength(2);
});

test("a version that is not persistent is tried again when it is asked for, not by itself", async () => {
  const { model, log, failed, loaded } = servedModel();
  const wanted = { ...only(1), versions: [{ ...version(1), persistent: false }] };
  model.want(wanted);
  await failed(1);
  await vi.advanceTimersByTimeAsync(600_000);
  model.want(wanted);
  expect(log.filter((line) => line === "open 1")).toHaveLength(1);
  model.want(wanted, { afresh: true });
  await loaded(1);
  expect(model.hold("1").version.number).toBe("1");
});
