/**
 * Families of series whose figures are kept elsewhere and read when the page is asked for: what is
 * counted costs its owner an addition, and a series is gone when its owner is.
 */
import type { Distribution } from "./distribution.ts";

export type Labels = Readonly<Record<string, string | number>>;

/** What a series is told apart by. */
interface Labelled {
  /** Of whoever the series is about, the same object on every page: its text is kept. */
  readonly labels: Labels;
  /** Those of the series alone. */
  readonly besides?: Labels;
}
export interface Reading extends Labelled {
  readonly value: number;
}
export interface Spread extends Labelled {
  /** Has no lines while it is empty. */
  readonly distribution: Distribution;
}

/** A family; counters are called what they are registered as, as everywhere. */
export type Family = { readonly name: string; readonly help: string } & (
  | { readonly type: "counter" | "gauge"; read(): Iterable<Reading> }
  | { readonly type: "histogram"; read(): Iterable<Spread> }
);

export type Format = "openmetrics" | "plain";

/** One family in either format, series by series, each line with its end; nothing where it has no series. */
export function* familyText(family: Family, format: Format): Iterable<string> {
  const open = format === "openmetrics";
  const base = family.type === "counter" ? family.name.replace(/_total$/, "") : family.name;
  const shown = open ? base : family.name;
  let head = `# HELP ${shown} ${escaped(family.help)}\n# TYPE ${shown} ${family.type}\n`;
  const series =
    family.type === "histogram"
      ? histogramTexts(family.name, family.read(), open)
      : sampleTexts(
          family.type === "counter" && open ? `${base}_total` : family.name,
          family.read(),
        );
  for (const text of series) {
    yield head + text;
    head = "";
  }
}

function* sampleTexts(name: string, readings: Iterable<Reading>): Iterable<string> {
  for (const reading of readings)
    yield `${name}${inBraces(labelText(reading))} ${numberText(reading.value)}\n`;
}

/** A series at a time: its buckets, sum and count are of one moment. */
function* histogramTexts(
  name: string,
  spreads: Iterable<Spread>,
  exemplars: boolean,
): Iterable<string> {
  for (const spread of spreads)
    if (!spread.distribution.isEmpty) yield histogramText(name, spread, exemplars);
}

function histogramText(name: string, spread: Spread, exemplars: boolean): string {
  const { distribution } = spread;
  const own = labelText(spread);
  const before = own === "" ? "" : `${own},`;
  let text = "";
  let count = 0;
  for (let index = 0; index < distribution.counts.length; index++) {
    count += distribution.counts[index]!;
    const bound = distribution.bounds[index] ?? Number.POSITIVE_INFINITY;
    text += `${name}_bucket{${before}le="${numberText(bound)}"} ${count}`;
    text += exemplars ? `${exemplarText(distribution, index)}\n` : "\n";
  }
  text += `${name}_sum${inBraces(own)} ${numberText(distribution.sum)}\n`;
  return `${text}${name}_count${inBraces(own)} ${count}\n`;
}

function exemplarText(distribution: Distribution, index: number): string {
  const exemplar = distribution.exemplar(index);
  if (exemplar === undefined) return "";
  const { traceId, value, at } = exemplar;
  return ` # {trace_id="${traceId}"} ${value} ${at / 1000}`;
}

/** The same labels are shown in many families and on every page. */
const known = new WeakMap<Labels, string>();

function labelText({ labels, besides }: Labelled): string {
  let text = known.get(labels);
  if (text === undefined) {
    text = pairs(labels);
    known.set(labels, text);
  }
  if (besides === undefined) return text;
  return text === "" ? pairs(besides) : `${text},${pairs(besides)}`;
}

function pairs(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${quotable(value)}"`)
    .join(",");
}

const inBraces = (text: string): string => (text === "" ? "" : `{${text}}`);
const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const quotable = (value: string | number): string => escaped(String(value)).replaceAll('"', '\\"');

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
