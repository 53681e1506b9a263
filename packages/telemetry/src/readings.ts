/**
 * Families of series whose figures are kept elsewhere and read when the page is asked for: what is
 * counted costs its owner an addition, and a series is gone when its owner is.
 */
import type { Distribution } from "./distribution.ts";

export type Labels = Readonly<Record<string, string | number>>;

export interface Reading {
  readonly labels: Labels;
  readonly value: number;
}
export interface Spread {
  readonly labels: Labels;
  readonly distribution: Distribution;
}

/** A family; counters are called what they are registered as, as everywhere. */
export type Family = { readonly name: string; readonly help: string } & (
  | { readonly type: "counter" | "gauge"; read(): Iterable<Reading> }
  | { readonly type: "histogram"; read(): Iterable<Spread> }
);

export type Format = "openmetrics" | "plain";

/** One family in either format, each line with its end; empty where it has no series. */
export function familyText(family: Family, format: Format): string {
  const open = format === "openmetrics";
  const base = family.type === "counter" ? family.name.replace(/_total$/, "") : family.name;
  const lines =
    family.type === "histogram"
      ? histogramLines(family.name, family.read(), open)
      : sampleLines(
          family.type === "counter" && open ? `${base}_total` : family.name,
          family.read(),
        );
  if (lines === "") return "";
  const shown = open ? base : family.name;
  return `# HELP ${shown} ${escaped(family.help)}\n# TYPE ${shown} ${family.type}\n${lines}`;
}

function sampleLines(name: string, readings: Iterable<Reading>): string {
  let text = "";
  for (const { labels, value } of readings)
    text += `${name}${inBraces(labelText(labels))} ${numberText(value)}\n`;
  return text;
}

function histogramLines(name: string, spreads: Iterable<Spread>, exemplars: boolean): string {
  let text = "";
  for (const { labels, distribution } of spreads) {
    const own = labelText(labels);
    const before = own === "" ? "" : `${own},`;
    let count = 0;
    for (let index = 0; index < distribution.counts.length; index++) {
      count += distribution.counts[index]!;
      const bound = distribution.bounds[index] ?? Number.POSITIVE_INFINITY;
      text += `${name}_bucket{${before}le="${numberText(bound)}"} ${count}`;
      text += exemplars ? `${exemplarText(distribution, index)}\n` : "\n";
    }
    text += `${name}_sum${inBraces(own)} ${numberText(distribution.sum)}\n`;
    text += `${name}_count${inBraces(own)} ${count}\n`;
  }
  return text;
}

function exemplarText(distribution: Distribution, index: number): string {
  const exemplar = distribution.exemplar(index);
  if (exemplar === undefined) return "";
  const { traceId, value, at } = exemplar;
  return ` # {trace_id="${traceId}"} ${value} ${at / 1000}`;
}

/** The same labels are shown in many families and on every page. */
const known = new WeakMap<Labels, string>();

function labelText(labels: Labels): string {
  const found = known.get(labels);
  if (found !== undefined) return found;
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${quotable(value)}"`);
  const text = parts.join(",");
  known.set(labels, text);
  return text;
}

const inBraces = (text: string): string => (text === "" ? "" : `{${text}}`);
const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const quotable = (value: string | number): string => escaped(String(value)).replaceAll('"', '\\"');

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
