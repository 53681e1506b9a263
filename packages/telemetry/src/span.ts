/** What the other parts see of a span, and the span that is not recorded but still has an id. */
import { formatTraceparent, type TraceContext } from "./trace-context.ts";

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

export type AttributeValue = string | number | boolean | readonly string[];
/** An undefined value is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export interface Span {
  /** Goes over the wire so that others can descend from this span. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  event(name: string, attributes?: Attributes): void;
  /** The span's work failed; it still has to be ended. */
  fail(error: unknown): void;
  end(): void;
}

export function unrecordedSpan(context: TraceContext): Span {
  return new UnrecordedSpan(formatTraceparent(context));
}

class UnrecordedSpan implements Span {
  readonly traceparent: string;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }

  set(): void {}
  event(): void {}
  fail(): void {}
  end(): void {}
}
