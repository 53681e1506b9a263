export type { Fields, Logger } from "./logger.ts";
export type { Counter, Gauge, Histogram, Labels, Metrics } from "./metrics.ts";
export type { Attributes, AttributeValue, Span, SpanKind } from "./span.ts";
export {
  createTelemetry,
  nullTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "./telemetry.ts";
export { traceIdOf } from "./trace-context.ts";
export type { PastSpan, SpanOptions, Tracing } from "./tracing.ts";
