/**
 * Metrics in Prometheus' form: a registry of its own for each telemetry, and the process' own
 * figures (CPU, memory, event loop lag, GC). Whoever asks for OpenMetrics gets it, with trace ids
 * as exemplars; anyone else gets the older text format.
 *
 * Asking twice for the same name gives the same metric.
 */
import {
  collectDefaultMetrics,
  type OpenMetricsContentType,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";
import { plainTextType, toPlainText } from "./plain-text.ts";
import { type Family, type Format, familyText, type Labels } from "./readings.ts";

export interface Counter {
  add(value?: number, labels?: Labels): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
}
export interface Histogram {
  /** `traceId` becomes the exemplar of the bucket. */
  observe(value: number, labels?: Labels, traceId?: string): void;
}
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  histogram(
    name: string,
    help: string,
    options?: { readonly labels?: readonly string[]; readonly buckets?: readonly number[] },
  ): Histogram;
  /** A family that is counted elsewhere, read for every page; a later one of its name replaces it. */
  read(family: Family): void;
  /** `accept` is the scraper's HTTP header. */
  exposition(accept?: string): Promise<Exposition>;
}

/** A page. With thousands of models it is some megabytes long, so it is made while it is sent. */
export interface Exposition {
  readonly contentType: string;
  /** Of some kilobytes each, with what is true when it is asked for. */
  readonly pieces: Iterable<string>;
}

/** Characters in a piece of a page. */
const pieceSize = 2 ** 15;

/** Seconds, from 1 ms to 10 s. */
const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  collectDefaultMetrics({ register: registry });
  // Counters lose the end of their names when they are first shown.
  const counters = registry
    .getMetricsAsArray()
    .flatMap(({ name, type }) => (String(type) === "counter" ? [name] : []));
  const known = new Map<string, Counter | Gauge | Histogram>();
  const once = <T extends Counter | Gauge | Histogram>(name: string, create: () => T): T => {
    const found = known.get(name) ?? create();
    known.set(name, found);
    return found as T;
  };
  const registers = [registry];
  const families = new Map<string, Family>();
  function* page(registered: string, format: Format, end: string): Iterable<string> {
    yield registered;
    for (const family of families.values()) yield* familyText(family, format);
    yield end;
  }

  return {
    counter: (name, help, labels = []) =>
      once(`counter ${name}`, () => {
        const counter = new PromCounter({ name, help, labelNames: [...labels], registers });
        counters.push(name);
        return { add: (value = 1, on = {}) => counter.inc(on, value) };
      }),
    gauge: (name, help, labels = []) =>
      once(`gauge ${name}`, () => {
        const gauge = new PromGauge({ name, help, labelNames: [...labels], registers });
        return { set: (value, on = {}) => gauge.set(on, value) };
      }),
    histogram: (name, help, { labels = [], buckets = defaultBuckets } = {}) =>
      once(`histogram ${name}`, () => {
        const histogram = new PromHistogram({
          name,
          help,
          labelNames: [...labels],
          buckets: [...buckets],
          enableExemplars: true,
          registers,
        });
        return {
          observe(value, on = {}, traceId) {
            const exemplarLabels = traceId ? { trace_id: traceId } : undefined;
            if (exemplarLabels === undefined) histogram.observe({ labels: on, value });
            else histogram.observe({ labels: on, value, exemplarLabels });
          },
        };
      }),
    read: (family) => void families.set(family.name, family),
    async exposition(accept = "") {
      const registered = await registry.metrics();
      if (accept.includes("application/openmetrics-text")) {
        const end = "# EOF\n";
        const texts = page(registered.slice(0, -end.length), "openmetrics", end);
        return { contentType: registry.contentType, pieces: pieces(texts) };
      }
      const texts = page(toPlainText(registered, counters), "plain", "");
      return { contentType: plainTextType, pieces: pieces(texts) };
    },
  };
}

/** A line at a time would be a write to the socket each. */
function* pieces(texts: Iterable<string>): Iterable<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceSize) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
  read() {},
  exposition: async () => ({ contentType: plainTextType, pieces: [] }),
};
