/**
 * JSON log lines: time, level, service, instance, message, the caller's fields, and the ids of
 * the active span. An `Error` among the fields is written with its stack and causes.
 */
import { type DestinationStream, type Logger as Pino, pino, stdTimeFunctions } from "pino";
import { activeContext } from "./tracing.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A logger whose lines all carry `fields`. */
  child(fields: Fields): Logger;
}

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  /** debug, info, warn, error or silent. */
  readonly level?: string | undefined;
  /** stdout where it is undefined. */
  readonly destination?: { write(line: string): void } | undefined;
}

export function createLogger({
  service,
  instance,
  level = "info",
  destination,
}: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance },
    messageKey: "message",
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin() {
      const span = activeContext();
      return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
    },
  };
  // Lines are written before the call returns: a process that is killed has said what it did.
  const stream: DestinationStream = destination ?? pino.destination({ fd: 1, sync: true });
  return wrap(pino(options, stream));
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

function wrap(log: Pino): Logger {
  return {
    debug: (message, fields) => log.debug(readable(fields), message),
    info: (message, fields) => log.info(readable(fields), message),
    warn: (message, fields) => log.warn(readable(fields), message),
    error: (message, fields) => log.error(readable(fields), message),
    child: (fields) => wrap(log.child(readable(fields))),
  };
}

function readable(fields: Fields = {}): Record<string, unknown> {
  const result: Record<string, unknown> = { ...fields };
  for (const [key, value] of Object.entries(fields))
    if (value instanceof Error) result[key] = describe(value, 0);
  return result;
}

function describe(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...("code" in error ? { code: error.code } : {}),
    stack,
    ...(cause instanceof Error && depth < 5 ? { cause: describe(cause, depth + 1) } : {}),
  };
}
