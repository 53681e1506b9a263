/** Everything worth knowing about one model, as lines: all its versions, one of them in full. */
import type { Alias, EvaluationRecord, ModelDetails, Version } from "@amaas/client";
import { mainMetrics } from "@amaas/spec";
import { describeEvaluation } from "./describe-evaluation.ts";
import { age, bytes, measure } from "./terminal/figures.ts";
import type { Style } from "./terminal/style.ts";
import { fields, table } from "./terminal/table.ts";
import { printable, widthOf } from "./terminal/text.ts";

type Tensor = Version["inputs"][number];

/** A wide table is no table. */
const mostMetricColumns = 4;
const mostNames = 12;
const mostMoves = 10;

/** The version that is shown in full, with its evaluation record if it has one. */
export interface Shown {
  readonly version: Version | undefined;
  readonly evaluation: EvaluationRecord | undefined;
}

export function describeModel(
  found: ModelDetails,
  { version, evaluation }: Shown,
  style: Style,
  now: number,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const { model, versions, history } = found;
  return [
    `${style.bold(printable(model.name))}   ${aliasesText(model.aliases)}`.trimEnd(),
    "",
    ...fittingTable(columns, versions, model.aliases, style, now),
    ...(version === undefined ? [] : ["", ...versionFields(version, style, columns)]),
    ...(evaluation === undefined ? [] : ["", ...describeEvaluation(evaluation, style, columns)]),
    ...(history.length === 0 ? [] : ["", ...historyTable(history, style, now)]),
  ];
}

function aliasesText(aliases: readonly Alias[]): string {
  return aliases.map(({ alias, version }) => printable(`${alias} → ${version}`)).join(", ");
}

/** Where the terminal is narrow the jobs give way first, then the metrics, the last ones first. */
function fittingTable(columns: number, ...about: About): string[] {
  const metrics = metricNames(about[0]);
  const fits = (lines: readonly string[]) => lines.every((line) => widthOf(line) < columns);
  let lines = versionTable(metrics, true, ...about);
  for (let shown = metrics.length; shown >= 0 && !fits(lines); shown--)
    lines = versionTable(metrics.slice(0, shown), false, ...about);
  return lines;
}

type About = readonly [
  versions: readonly Version[],
  aliases: readonly Alias[],
  style: Style,
  now: number,
];

function versionTable(
  metrics: readonly string[],
  withJobs: boolean,
  ...[versions, aliases, style, now]: About
): string[] {
  return table(
    [
      { title: "VERSION", align: "right" },
      { title: "ALIASES" },
      ...metrics.map((name) => ({ title: name.toUpperCase(), align: "right" as const })),
      { title: "SIZE", align: "right" },
      ...(withJobs ? [{ title: "JOB" }] : []),
      { title: "CREATED" },
    ],
    versions.map((version) => [
      String(version.version),
      aliases
        .filter((alias) => alias.version === version.version)
        .map(({ alias }) => printable(alias))
        .join(", "),
      ...metrics.map((name) => {
        const value = version.metrics[name];
        return value === undefined ? "" : measure(value);
      }),
      bytes(version.bytes),
      ...(withJobs ? [printable(version.lineage?.job ?? "")] : []),
      style.dim(age(version.createdAt, now)),
    ]),
    style,
  );
}

/**
 * The main metrics of both splits, those that say how good a version is first. The others are for
 * --output json.
 */
function metricNames(versions: readonly Version[]): string[] {
  const found = new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)));
  return mainMetrics
    .flatMap((metric) => [`test/${metric}`, `validation/${metric}`])
    .filter((name) => found.has(name))
    .slice(0, mostMetricColumns);
}

function versionFields(version: Version, style: Style, columns: number): string[] {
  const { lineage } = version;
  return fields(
    [
      ["version", String(version.version)],
      ["inputs", signature(version.inputs)],
      ["outputs", signature(version.outputs)],
      ["classes", shortened(version.classes.map(printable))],
      ["digest", version.digest],
      ["evaluation", version.evaluation],
      ["weights", version.weightsSha256],
      ["job", printable(lineage?.job ?? "")],
      ["began from", lineage?.parent && parentText(lineage.parent)],
      ["data", printable(lineage?.datasetDigest ?? "")],
      ["split", printable(lineage?.splitDigest ?? "")],
      ["data report", printable(lineage?.dataReport ?? "")],
      ["trace", printable(lineage?.traceId ?? "")],
      ["computed by", printable(lineage?.numericClass ?? "")],
    ],
    style,
    columns,
  );
}

/** The version whose weights training began from. */
function parentText({ model, version }: { model: string; version: number }): string {
  return `${printable(model)} ${version}`;
}

function signature(tensors: readonly Tensor[]): string[] {
  return shortened(
    tensors.map(({ name, datatype, shape }) =>
      printable(`${name} ${datatype}[${shape.join(", ")}]`),
    ),
  );
}

function shortened(texts: readonly string[]): string[] {
  const rest = texts.length - mostNames;
  return [...texts.slice(0, mostNames), ...(rest > 0 ? [`and ${rest} more`] : [])];
}

function historyTable(history: readonly Alias[], style: Style, now: number): string[] {
  return table(
    [
      { title: "ALIAS" },
      { title: "VERSION", align: "right" },
      { title: "MOVED" },
      { title: "REASON" },
    ],
    history
      .slice(0, mostMoves)
      .map(({ alias, version, movedAt, reason }) => [
        printable(alias),
        String(version),
        style.dim(age(movedAt, now)),
        printable(reason),
      ]),
    style,
  );
}
