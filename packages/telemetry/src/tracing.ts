/**
 * Tracing: spans with W3C trace context, the active one carried across awaits.
 *
 * Every span has ids that propagate, recorded or not. Where an OTLP endpoint is configured the
 * sampled ones are exported as well; the SDK is loaded only then. The active span is shared by
 * all telemetries of a process, so that a client and a server in one test make one trace.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { Recorder, RecorderOptions } from "./recorder.ts";
import { type Sampler, samplerFrom, shareFrom } from "./sampler.ts";
import { type Attributes, type Span, type SpanKind, unrecordedSpan } from "./span.ts";
import {
  formatTraceparent,
  isSampled,
  newSpanId,
  newTraceId,
  parseTraceparent,
  type TraceContext,
} from "./trace-context.ts";

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** A traceparent; the active span where it is left out. */
  readonly parent?: string | undefined;
  /** Traceparents. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
}

/** A span that has happened. Times are milliseconds since the epoch. */
export interface PastSpan {
  readonly name: string;
  readonly parent?: string | undefined;
  readonly kind?: SpanKind;
  readonly start: number;
  readonly end: number;
  /** Traceparents. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
  readonly error?: string | undefined;
}

export type RootSampler = (name: string) => boolean | undefined;

export interface Tracing {
  /** Runs `fn` in a new span, which is active meanwhile; what `fn` throws fails the span. */
  span<T>(name: string, options: SpanOptions, fn: (span: Span) => Promise<T> | T): Promise<T>;
  /** A span that does not become active and that the caller ends. */
  start(name: string, options?: SpanOptions): Span;
  /** The traceparent of the active span. */
  context(): string | undefined;
  /** Runs `fn` as if the span of `traceparent` were active. */
  with<T>(traceparent: string | undefined, fn: () => T): T;
  /** Whether spans below this one are exported: if not, there is no need to make them. */
  records(traceparent: string): boolean;
  /** The traceparent of a span that `record` tells of later, maybe in another process. */
  reserve(parent?: string): string;
  /**
   * Which new traces are recorded, by the name of their first span; what is left undefined is decided
   * by the environment's sampler.
   */
  sampleRoots(decide: RootSampler): void;
  /** The share of new traces that the environment asks to have recorded and exported. */
  readonly share: number;
  /** Exports a reserved span, with exactly the ids of its traceparent. */
  record(traceparent: string, span: PastSpan): void;
}

interface Active {
  readonly traceparent: string | undefined;
}
const active = new AsyncLocalStorage<Active>();

export function activeContext(): TraceContext | undefined {
  return parseTraceparent(active.getStore()?.traceparent);
}

export interface ClosableTracing extends Tracing {
  shutdown(): Promise<void>;
}

export function openTracing(options: RecorderOptions): ClosableTracing {
  const { env } = options;
  return wantsExport(env)
    ? createTracing(samplerFrom(env), loadRecorder(options), shareFrom(env))
    : createTracing(samplerFrom(env), undefined);
}

export function createTracing(
  sampler: Sampler,
  recorder: Recorder | undefined,
  share = 0,
): ClosableTracing {
  let rootSampler: RootSampler = () => undefined;
  const descend = (parent: TraceContext | undefined, name: string): TraceContext => {
    const traceId = parent?.traceId ?? newTraceId();
    const decided = parent === undefined ? rootSampler(name) : undefined;
    return { traceId, spanId: newSpanId(), sampled: decided ?? sampler(traceId, parent) };
  };

  const start = (name: string, options: SpanOptions = {}): Span => {
    const parent = parseTraceparent(options.parent ?? active.getStore()?.traceparent);
    const context = descend(parent, name);
    if (recorder === undefined || !context.sampled) return unrecordedSpan(context);
    return recorder.start({
      context,
      parent,
      name,
      kind: options.kind ?? "internal",
      links: options.links ?? [],
      attributes: options.attributes ?? {},
      time: undefined,
    });
  };

  return {
    start,
    async span(name, options, fn) {
      const span = start(name, options);
      try {
        return await active.run(span, () => fn(span));
      } catch (error) {
        span.fail(error);
        throw error;
      } finally {
        span.end();
      }
    },
    context: () => active.getStore()?.traceparent,
    with: (traceparent, fn) => active.run({ traceparent }, fn),
    records: (traceparent) => recorder !== undefined && isSampled(traceparent),
    reserve: (parent) => formatTraceparent(descend(parseTraceparent(parent), "")),
    sampleRoots(decide) {
      rootSampler = decide;
    },
    share,
    record(traceparent, past) {
      const context = parseTraceparent(traceparent);
      if (recorder === undefined || !context?.sampled) return;
      const span = recorder.start({
        context,
        parent: parseTraceparent(past.parent),
        name: past.name,
        kind: past.kind ?? "internal",
        links: past.links ?? [],
        attributes: past.attributes ?? {},
        time: past.start,
      });
      if (past.error !== undefined) span.fail(past.error);
      span.endAt(Math.max(past.start, past.end));
    },
    shutdown: async () => recorder?.shutdown(),
  };
}

/** Whether the standard variables ask for an export. */
function wantsExport(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return false;
  if (env.OTEL_TRACES_EXPORTER === "none") return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** The SDK and its exporter cost 25 MB and 100 ms, which only those who export should pay. */
function loadRecorder(options: RecorderOptions): Recorder {
  const load = createRequire(import.meta.url);
  const { openRecorder } = load("./recorder.ts") as typeof import("./recorder.ts");
  return openRecorder(options);
}
