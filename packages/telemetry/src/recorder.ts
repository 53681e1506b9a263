/**
 * Spans that are recorded and exported over OTLP. This module loads the OpenTelemetry SDK, so
 * only `tracing.ts` imports it, and only where an endpoint is configured.
 *
 * Ids and the sampling decision are made by the caller: a span is exported with exactly the
 * context it is started with, which is what lets another process finish a reserved span.
 */

import type { Attributes as SdkAttributes, Span as SdkSpan, SpanContext } from "@opentelemetry/api";
import {
  ROOT_CONTEXT,
  SpanKind as SdkKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Attributes, Span, SpanKind } from "./span.ts";
import { formatTraceparent, parseTraceparent, type TraceContext } from "./trace-context.ts";

export interface SpanStart {
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly links: readonly string[];
  readonly attributes: Attributes;
  /** Milliseconds since the epoch; now where it is undefined. */
  readonly time: number | undefined;
}

export interface RecordedSpan extends Span {
  endAt(time: number): void;
}

export interface Recorder {
  start(span: SpanStart): RecordedSpan;
  /** Exports what is left; gives up when the collector does not answer in time. */
  shutdown(): Promise<void>;
}

export interface RecorderOptions {
  readonly service: string;
  readonly instance: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told when spans could not be exported, at most once a minute. */
  readonly onLoss: (spans: number, reason: string) => void;
}

const shutdownLimitMs = 2_000;

export function openRecorder(options: RecorderOptions): Recorder {
  const { env } = options;
  let next: TraceContext | undefined;
  const takeNext = (): TraceContext => {
    if (next === undefined) throw new Error("a span was started past the recorder");
    return next;
  };
  const exporter = reportLosses(new OTLPTraceExporter(), options.onLoss);
  const provider = new TracerProvider({
    resource: resourceOf(options),
    idGenerator: {
      generateTraceId: () => takeNext().traceId,
      generateSpanId: () => takeNext().spanId,
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: positive(env.OTEL_BSP_SCHEDULE_DELAY, 1_000),
        maxQueueSize: positive(env.OTEL_BSP_MAX_QUEUE_SIZE, 8_192),
        maxExportBatchSize: positive(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512),
        exportTimeoutMillis: positive(env.OTEL_BSP_EXPORT_TIMEOUT, 30_000),
      }),
    ],
  });
  const tracer = provider.getTracer("amaas");

  return {
    start({ context, parent, name, kind, links, attributes, time }) {
      next = context;
      const around =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, sdkContext(parent));
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          attributes: sdkAttributes(attributes),
          links: links.flatMap((link) => {
            const linked = parseTraceparent(link);
            return linked === undefined ? [] : [{ context: sdkContext(linked) }];
          }),
          ...(time === undefined ? {} : { startTime: time }),
        },
        around,
      );
      next = undefined;
      return recordedSpan(context, span);
    },
    async shutdown() {
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, shutdownLimitMs);
      await Promise.race([provider.shutdown().catch(() => {}), limit.promise]);
      clearTimeout(timer);
    },
  };
}

function recordedSpan(context: TraceContext, span: SdkSpan): RecordedSpan {
  return {
    traceparent: formatTraceparent(context),
    set: (attributes) => void span.setAttributes(sdkAttributes(attributes)),
    event: (name, attributes) => void span.addEvent(name, sdkAttributes(attributes ?? {})),
    fail(error) {
      const { name, message, stack } = describeError(error);
      span.setAttribute("error.type", name);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      span.addEvent("exception", {
        "exception.type": name,
        "exception.message": message,
        ...(stack === undefined ? {} : { "exception.stacktrace": stack }),
      });
    },
    end: () => span.end(),
    endAt: (time) => span.end(time),
  };
}

function describeError(error: unknown): { name: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  const { message, stack } = error;
  return stack === undefined ? { name: code, message } : { name: code, message, stack };
}

function resourceOf({ service, instance }: RecorderOptions) {
  return resourceFromAttributes({
    "service.namespace": "amaas",
    "service.name": service,
    "service.instance.id": instance,
    "process.pid": process.pid,
  }).merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}

/** A collector that is down costs spans and a log line, never the service. */
function reportLosses(
  exporter: OTLPTraceExporter,
  onLoss: (spans: number, reason: string) => void,
): SpanExporter {
  let lost = 0;
  let quietUntil = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // ExportResultCode.FAILED
        if (result.code === 1) {
          lost += spans.length;
          if (Date.now() >= quietUntil) {
            onLoss(lost, result.error?.message ?? "unknown reason");
            lost = 0;
            quietUntil = Date.now() + 60_000;
          }
        }
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

const kinds: Record<SpanKind, SdkKind> = {
  internal: SdkKind.INTERNAL,
  server: SdkKind.SERVER,
  client: SdkKind.CLIENT,
  producer: SdkKind.PRODUCER,
  consumer: SdkKind.CONSUMER,
};

function sdkContext({ traceId, spanId, sampled }: TraceContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
}

function sdkAttributes(attributes: Attributes): SdkAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === "object" ? [...value] : value,
    ]),
  );
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
