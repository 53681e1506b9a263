/**
 * What publishing and processing leave in traces, metrics and the log, by OpenTelemetry's
 * conventions for messaging.
 */
import { type Attributes, type Telemetry, traceIdOf } from "@amaas/telemetry";
import type { WireEvent } from "./event.ts";

export interface Instruments {
  /** Runs `send` in a producer span, under which the event travels. */
  publish(event: WireEvent, send: (event: WireEvent) => Promise<void>): Promise<void>;
  /** Runs `handle` in a consumer span that descends from the publisher's; never rejects. */
  process(
    event: WireEvent,
    attributes: Attributes | undefined,
    handle: () => Promise<void> | void,
  ): Promise<void>;
  malformed(event: WireEvent, fault: string): void;
  lost(subject: string): void;
  failedOnConnect(error: unknown): void;
}

export function createInstruments(
  { log, metrics, tracer }: Telemetry,
  system: string,
): Instruments {
  const labels = ["messaging_destination_name", "outcome"];
  const published = metrics.histogram(
    "messaging_client_operation_duration_seconds",
    "Time to hand an event to the bus",
    { labels },
  );
  const processed = metrics.histogram(
    "messaging_process_duration_seconds",
    "Time a subscriber took over an event",
    { labels },
  );
  const dropped = metrics.counter(
    "amaas_events_dropped_total",
    "Events that no subscriber saw: malformed, or its queue was full",
    ["reason"],
  );

  return {
    publish(event, send) {
      const attributes = spanAttributes(system, "publish", "send", event);
      const options = { kind: "producer", parent: event.traceparent, attributes } as const;
      return tracer.span(`publish ${event.subject}`, options, (span) =>
        timed(published, event.subject, span.traceparent, () =>
          send({ ...event, traceparent: span.traceparent }),
        ),
      );
    },

    async process(event, extra, handle) {
      const { subject, traceparent } = event;
      const attributes = { ...spanAttributes(system, "process", "process", event), ...extra };
      const links = traceparent === undefined ? [] : [traceparent];
      const options = { kind: "consumer", parent: traceparent, links, attributes } as const;
      // The subscriber's queue may have been started from within another event's span.
      await tracer.with(undefined, async () => {
        try {
          await tracer.span(`process ${subject}`, options, (span) =>
            timed(processed, subject, span.traceparent, async () => handle()),
          );
        } catch (error) {
          log.error("an event's handler failed", { subject, id: event.id, error });
        }
      });
    },

    malformed(event, fault) {
      dropped.add(1, { reason: "malformed" });
      log.warn("dropped a malformed event", { subject: event.subject.slice(0, 100), fault });
    },

    lost(subject) {
      dropped.add(1, { reason: "queue full" });
      log.debug("dropped an event: the subscriber is too slow", { subject });
    },

    failedOnConnect(error) {
      log.error("a handler of the bus' connection failed", { error });
    },
  };
}

interface Histogram {
  observe(value: number, labels: Record<string, string>, traceId: string): void;
}

async function timed(
  histogram: Histogram,
  subject: string,
  traceparent: string,
  work: () => Promise<void>,
): Promise<void> {
  const start = performance.now();
  let outcome = "failed";
  try {
    await work();
    outcome = "ok";
  } finally {
    const seconds = (performance.now() - start) / 1000;
    const labels = { messaging_destination_name: subject, outcome };
    histogram.observe(seconds, labels, traceIdOf(traceparent));
  }
}

function spanAttributes(system: string, name: string, type: string, event: WireEvent): Attributes {
  return {
    "messaging.system": system,
    "messaging.operation.name": name,
    "messaging.operation.type": type,
    "messaging.destination.name": event.subject,
    "messaging.message.id": event.id,
    "messaging.message.body.size": event.data.length,
  };
}
