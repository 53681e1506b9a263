export { callSeconds, Distribution, type Exemplar, quantile } from "./distribution.ts";
export type { Fields, Logger, LogLevels } from "./logger.ts";
export type { Counter, Gauge, Histogram, Metrics } from "./metrics.ts";
export type { Family, Labels, Reading, Spread } from "./readings.ts";
export type { Attributes, AttributeValue, Span, SpanKind } from "./span.ts";
export { SparingLog } from "./sparing-log.ts";
export {
  createTelemetry,
  nullTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "./telemetry.ts";
export { traceIdOf, withSampled } from "./trace-context.ts";
export type { PastSpan, RootSampler, SpanOptions, Tracing } from "./tracing.ts";
