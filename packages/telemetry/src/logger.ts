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
  readonly levels: LogLevels;
}

/** Which lines are written; may be changed while the process runs, for all loggers made of one. */
export type LogLevels = { -readonly [L in "debug" | "info" | "warn" | "error"]: boolean };

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
    // What is written is decided by `levels`, which can be changed.
    level: "debug",
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
  return wrap(pino(options, stream), levelsFrom(level));
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
  get levels() {
    return levelsFrom("silent");
  },
};

/** Those from `least` on. */
function levelsFrom(least: string): LogLevels {
  const from = ["debug", "info", "warn", "error"].indexOf(least);
  const on = (level: number) => from !== -1 && level >= from;
  return { debug: on(0), info: on(1), warn: on(2), error: on(3) };
}

function wrap(log: Pino, levels: LogLevels): Logger {
  return {
    levels,
    debug(message, fields) {
      if (levels.debug) log.debug(readable(fields), message);
    },
    info(message, fields) {
      if (levels.info) log.info(readable(fields), message);
    },
    warn(message, fields) {
      if (levels.warn) log.warn(readable(fields), message);
    },
    error(message, fields) {
      if (levels.error) log.error(readable(fields), message);
    },
    child: (fields) => wrap(log.child(readable(fields)), levels),
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
