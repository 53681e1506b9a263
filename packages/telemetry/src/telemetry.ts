/**
 * A process' telemetry: its log, its metrics and its spans, made once at the start and handed
 * to every part.
 */
import { createLogger, type Logger, silentLogger } from "./logger.ts";
import { createMetrics, type Metrics, noMetrics } from "./metrics.ts";
import { samplerFrom } from "./sampler.ts";
import { createTracing, openTracing, type Tracing } from "./tracing.ts";

export interface Telemetry {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracing;
  /** Exports what is left. Never fails, and takes a few seconds at most. */
  shutdown(): Promise<void>;
}

export interface TelemetryOptions {
  readonly service: string;
  readonly instance: string;
  /** debug, info, warn, error or silent. */
  readonly level?: string;
  /** Where log lines go; stdout where it is left out. */
  readonly destination?: { write(line: string): void };
  /** The standard OTEL_* variables; the process' own where it is left out. */
  readonly env?: NodeJS.ProcessEnv;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { service, instance, env = process.env } = options;
  const log = createLogger(options);
  const tracer = openTracing({
    service,
    instance,
    env,
    onLoss: (spans, reason) => log.warn("spans could not be exported", { spans, reason }),
  });
  return { log, metrics: createMetrics(), tracer, shutdown: () => tracer.shutdown() };
}

/** For tests and short commands: no log, no metrics, nothing exported; trace ids still propagate. */
export function nullTelemetry(): Telemetry {
  return {
    log: silentLogger,
    metrics: noMetrics,
    tracer: createTracing(samplerFrom({}), undefined),
    async shutdown() {},
  };
}
