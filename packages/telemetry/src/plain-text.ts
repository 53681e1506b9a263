/**
 * OpenMetrics turned into the older text format (0.0.4), for scrapers that do not ask for the newer
 * one. There a counter is called what it was registered as, and nothing has exemplars.
 */
export const plainTextType = "text/plain; version=0.0.4; charset=utf-8";

const exemplar = / # \{trace_id="[^"]*"\} \S+ \S+$/;

/** `counters` are the names under which counters were registered. */
export function toPlainText(openMetrics: string, counters: Iterable<string>): string {
  const named = new Map([...counters].map((name) => [name.replace(/_total$/, ""), name]));
  const lines = openMetrics.split("\n").filter((line) => line !== "# EOF");
  return lines.map((line) => plainLine(line, named)).join("\n");
}

function plainLine(line: string, counters: ReadonlyMap<string, string>): string {
  if (line.startsWith("#"))
    return line.replace(/^(# \w+ )(\w+)/, (_, start, name) => start + (counters.get(name) ?? name));
  const [sample = ""] = /^\w*/.exec(line) ?? [];
  const counter = sample.endsWith("_total") ? counters.get(sample.slice(0, -6)) : undefined;
  if (counter !== undefined) return counter + line.slice(sample.length);
  return line.replace(exemplar, "");
}
