export { Distribution, type Exemplar, quantile } from "./distribution.ts";
export type { Fields, Logger } from "./logger.ts";
export type { Counter, Gauge, Histogram, Metrics } from "./metrics.ts";
export type { Family, Labels, Reading, Spread } from "./readings.ts";
export type { Attributes, AttributeValue, Span, SpanKind } from "./span.ts";
export {
  createTelemetry,
  nullTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "./telemetry.ts";
export { traceIdOf } from "./trace-context.ts";
export type { PastSpan, SpanOptions, Tracing } from "./tracing.ts";
