/**
 * Reads Prometheus' text format (0.0.4) as strictly as its documentation describes it: a scraper that
 * is handed anything else drops the whole page.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: readonly Sample[];
}

const name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const label = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const helpLine = new RegExp(`^# HELP (${name}) [^\\n]*$`);
const typeLine = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram|summary|untyped)$`);
/** A value is what Go's ParseFloat takes, to which Nan is NaN. */
const sampleLine = new RegExp(
  `^(${name})(?:\\{(${label}(?:,${label})*),?\\})? ([-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|Inf)|NaN|Nan)$`,
);

/** By the families' names; throws at the first line that is not as it should be. */
export function readPrometheusText(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; samples: Sample[] }>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "" || helpLine.test(line)) continue;
    const [, typed, type = ""] = typeLine.exec(line) ?? [];
    if (typed !== undefined) {
      if (families.has(typed)) throw new Error(`${typed} is there twice`);
      families.set(typed, { type, samples: [] });
      current = typed;
      continue;
    }
    const sample = readSample(line);
    const family = families.get(current);
    if (!family || !belongs(sample.name, current, family.type))
      throw new Error(`${sample.name} stands among the samples of ${current}`);
    family.samples.push(sample);
  }
  return families;
}

function readSample(line: string): Sample {
  const [whole, sampled = "", labels = "", value = ""] = sampleLine.exec(line) ?? [];
  if (whole === undefined) throw new Error(`no sample: ${JSON.stringify(line)}`);
  const pairs = labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g);
  return {
    name: sampled,
    labels: Object.fromEntries([...pairs].map(([, key, text]) => [key, text])),
    value: Number(value.replace("Inf", "Infinity")),
  };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type === "histogram")
    return ["_bucket", "_sum", "_count"].some((ending) => sample === family + ending);
  if (type === "summary")
    return ["", "_sum", "_count"].some((ending) => sample === family + ending);
  return sample === family;
}
