/** One line of a service's log for people: when, who, what, and the fields that say more. */
import { clock } from "./terminal/clock.ts";
import type { Style } from "./terminal/style.ts";
import { padEnd, printable, truncate } from "./terminal/text.ts";

type LogRecord = Readonly<Record<string, unknown>>;

const nameWidth = 18;
const longestField = 200;
const quiet = new Set(["info", "debug"]);
/** Said by the line's own columns, or of use only to programs. */
const silent = new Set([
  "time",
  "level",
  "service",
  "instance",
  "message",
  "trace_id",
  "span_id",
  "trace_flags",
]);

/** Ids and digests with as much of them as tells them apart. */
function shortened(text: string): string {
  return text
    .replace(/job_[0-9A-Z]{20}(?=[0-9A-Z]{6}\b)/g, "job_…")
    .replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1…");
}

/** What is only information is cut to `width`, where one is given; what is wrong is told whole. */
export function renderLogLine(
  process: string,
  line: string,
  style: Style,
  width = Number.POSITIVE_INFINITY,
): string {
  const name = style.cyan(padEnd(process, nameWidth));
  const record = parseRecord(line);
  if (record === undefined) return `${" ".repeat(12)}  ${name}  ${printable(line)}`;
  const time = typeof record.time === "string" || typeof record.time === "number" ? record.time : 0;
  const fields = Object.entries(record)
    .filter(([key]) => !silent.has(key))
    .map(([key, value]) => ` ${style.dim(`${printable(key)}=`)}${fieldText(value)}`);
  const message = paint(String(record.level), printable(String(record.message ?? "")), style);
  const text = `${style.dim(clock(new Date(time)))}  ${name}  ${message}${fields.join("")}`;
  const whole = width === Number.POSITIVE_INFINITY || !quiet.has(String(record.level));
  return whole ? text : truncate(shortened(text), width);
}

function paint(level: string, message: string, style: Style): string {
  if (level === "error") return style.red(message);
  if (level === "warn") return style.yellow(message);
  return level === "debug" ? style.dim(message) : message;
}

function fieldText(value: unknown): string {
  if (isRecord(value) && typeof value.message === "string") return printable(value.message);
  const text = printable(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  return text.length > longestField ? `${text.slice(0, longestField)}…` : text;
}

function parseRecord(line: string): LogRecord | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const found: unknown = JSON.parse(line);
    return isRecord(found) && "message" in found ? found : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(found: unknown): found is LogRecord {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}
