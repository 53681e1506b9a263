import { expect, test } from "vitest";
import type { RecordedSpan, Recorder, SpanStart } from "./recorder.ts";
import { samplerFrom } from "./sampler.ts";
import { nullTelemetry } from "./telemetry.ts";
import { traceIdOf } from "./trace-context.ts";
import { createTracing } from "./tracing.ts";

const remote = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a span is active while its function runs, across awaits, and not after", async () => {
  const { tracer } = nullTelemetry();
  const seen: (string | undefined)[] = [];
  await tracer.span("outer", {}, async (outer) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.push(tracer.context());
    expect(tracer.context()).toBe(outer.traceparent);
    await tracer.span("inner", {}, (inner) => {
      expect(traceIdOf(inner.traceparent)).toBe(traceIdOf(outer.traceparent));
      expect(tracer.context()).toBe(inner.traceparent);
    });
    expect(tracer.context()).toBe(outer.traceparent);
  });
  expect(seen).toHaveLength(1);
  expect(tracer.context()).toBeUndefined();
});

test("a span descends from the given parent, from the active one, or from none", () => {
  const { tracer } = nullTelemetry();
  expect(traceIdOf(tracer.start("a", { parent: remote }).traceparent)).toBe(traceIdOf(remote));
  tracer.with(remote, () => {
    expect(traceIdOf(tracer.start("b").traceparent)).toBe(traceIdOf(remote));
    tracer.with(undefined, () => {
      expect(traceIdOf(tracer.start("c").traceparent)).not.toBe(traceIdOf(remote));
    });
  });
  const rootless = tracer.start("d", { parent: "broken" }).traceparent;
  expect(traceIdOf(rootless)).toMatch(/^[0-9a-f]{32}$/);
});

test("only sampled spans reach the recorder, and an error fails its span", async () => {
  const { recorder, log } = scriptedRecorder();
  const tracer = createTracing(samplerFrom({}), recorder);
  await expect(
    tracer.span("broken", { kind: "server", parent: remote, links: [remote] }, () => {
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  tracer.start("quiet", { parent: remote.replace(/01$/, "00") }).end();
  expect(log).toEqual(["start broken server", "fail Error: no", "end"]);
});

test("a reserved span is recorded under exactly its ids, by whichever process", () => {
  const first = createTracing(samplerFrom({}), undefined);
  const reserved = first.reserve(remote);
  const { recorder, starts } = scriptedRecorder();
  const second = createTracing(samplerFrom({ OTEL_TRACES_SAMPLER: "always_off" }), recorder);
  second.record(reserved, { name: "job.train", parent: remote, start: 1_000, end: 3_000 });
  expect(starts).toHaveLength(1);
  expect(starts[0]).toMatchObject({ name: "job.train", time: 1_000 });
  expect(starts[0]?.context.traceId).toBe(traceIdOf(remote));
  expect(reserved).toContain(starts[0]?.context.spanId);
  expect(starts[0]?.parent?.spanId).toBe("00f067aa0ba902b7");
  second.record("broken", { name: "x", start: 0, end: 0 });
  expect(starts).toHaveLength(1);
});

test.each([
  [{}, undefined, true],
  [{ OTEL_TRACES_SAMPLER: "always_off" }, undefined, false],
  [{ OTEL_TRACES_SAMPLER: "always_off" }, true, false],
  [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, undefined, false],
  [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, true, true],
  [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, true, false],
  [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, false, true],
  [{ OTEL_TRACES_SAMPLER: "nonsense" }, false, false],
  [{ OTEL_TRACES_SAMPLER: "nonsense" }, undefined, true],
])("sampler %j with a parent sampled %s decides %s", (env, parentSampled, decision) => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const parent =
    parentSampled === undefined ? undefined : { traceId, spanId: "1", sampled: parentSampled };
  expect(samplerFrom(env)(traceId, parent)).toBe(decision);
});

test("a ratio samples about that share of the traces", () => {
  const { tracer } = nullTelemetry();
  const decide = samplerFrom({
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
  });
  let sampled = 0;
  for (let i = 0; i < 4000; i++) if (decide(traceIdOf(tracer.reserve()), undefined)) sampled++;
  expect(sampled).toBeGreaterThan(800);
  expect(sampled).toBeLessThan(1200);
});

test("which new traces are recorded can be changed at any time, by the name of their first span", () => {
  const { recorder, starts } = scriptedRecorder();
  const tracer = createTracing(samplerFrom({}), recorder);
  tracer.sampleRoots((name) => (name === "quiet" ? false : undefined));
  tracer.start("quiet").end();
  tracer.start("other").end();
  tracer.start("quiet", { parent: remote }).end();
  tracer.sampleRoots(() => undefined);
  tracer.start("quiet").end();
  expect(starts.map(({ name, parent }) => `${name} ${parent?.traceId ?? "new"}`)).toEqual([
    "other new",
    `quiet ${traceIdOf(remote)}`,
    "quiet new",
  ]);
});

function scriptedRecorder() {
  const starts: SpanStart[] = [];
  const log: string[] = [];
  const recorder: Recorder = {
    start(span): RecordedSpan {
      starts.push(span);
      log.push(`start ${span.name} ${span.kind}`);
      return {
        traceparent: `00-${span.context.traceId}-${span.context.spanId}-01`,
        set() {},
        event: (name) => void log.push(`event ${name}`),
        fail: (error) => void log.push(`fail ${error}`),
        end: () => void log.push("end"),
        endAt: (time) => void log.push(`end ${time}`),
      };
    },
    async shutdown() {},
  };
  return { recorder, starts, log };
}
