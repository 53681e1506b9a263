/** What two graphs differ in, as lines: what is gone, what is new, what changed, and how much of it in the end. */
import type {
  Change,
  GraphDiff,
  InitializerDifference,
  NodeDifference,
  SignatureDifference,
  TensorMark,
} from "@amaas/graph";
import { counted, measure } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { printable } from "../terminal/text.ts";
import { domainText } from "./describe-graph.ts";

/** As many digits of a digest as are read at a glance; the document has all. */
const shownDigits = 12;

export function describeDiff(diff: GraphDiff, style: Style): string[] {
  if (diff.equal) return ["The graphs are the same."];
  return [...diffLines(diff, style), summaryOf(diff)];
}

export function summaryOf(diff: GraphDiff): string {
  const parts = [
    counted(diff.opsets.length, "operator set"),
    counted(diff.inputs.length, "input"),
    counted(diff.outputs.length, "output"),
    counted(diff.initializers.length, "initializer"),
    counted(diff.nodes.length, "node"),
  ];
  return `The graphs differ in ${parts.filter((part) => !part.startsWith("0 ")).join(", ")}.`;
}

function diffLines({ opsets, inputs, outputs, initializers, nodes }: GraphDiff, style: Style) {
  return [
    ...opsets.map((change) => opsetLine(change, style)),
    ...inputs.map((change) => signatureLine("input", change, style)),
    ...outputs.map((change) => signatureLine("output", change, style)),
    ...initializers.flatMap((change) => initializerLines(change, style)),
    ...nodes.flatMap((change) => nodeLines(change, style)),
  ];
}

/** `+` what is new, `-` what is gone, `~` what changed. */
function marked(kind: string, text: string, style: Style): string {
  const line = printable(text);
  if (kind === "added") return style.green(`+ ${line}`);
  if (kind === "removed") return style.red(`- ${line}`);
  return `${style.yellow("~")} ${line}`;
}

function opsetLine({ name, from, to }: Change, style: Style): string {
  const kind = from === undefined ? "added" : to === undefined ? "removed" : "changed";
  const versions = from === undefined || to === undefined ? (from ?? to) : `${from} → ${to}`;
  return marked(kind, `opset ${domainText(name)} ${versions}`, style);
}

function signatureLine(what: string, change: SignatureDifference, style: Style): string {
  const { kind, name, from, to } = change;
  const types = from === undefined || to === undefined ? (from ?? to) : `${from} → ${to}`;
  const how = kind === "computed otherwise" ? "is computed otherwise: " : "";
  return marked(kind, `${what} ${name} ${how}${types}`, style);
}

function initializerLines(change: InitializerDifference, style: Style): string[] {
  const { kind, name } = change;
  if (change.kind === "changed") return changedLines(change, style);
  if (change.kind === "renamed")
    return [marked(kind, `initializer ${name} → ${change.to} ${markText(change.value)}`, style)];
  return [marked(kind, `initializer ${name} ${markText(change.value)}`, style)];
}

type ChangedInitializer = Extract<InitializerDifference, { kind: "changed" }>;

function changedLines(change: ChangedInitializer, style: Style): string[] {
  const { kind, name, from, to } = change;
  const type = from.type === to.type ? from.type : `${from.type} → ${to.type}`;
  return [
    marked(kind, `initializer ${name} ${type}${distanceText(change)}`, style),
    style.dim(`    ${digestText(from)} → ${digestText(to)}`),
  ];
}

function distanceText({ differing, maxAbsDifference: most }: ChangedInitializer): string {
  if (differing === undefined) return "";
  const told = `: ${counted(differing, "element")} ${differing === 1 ? "differs" : "differ"}`;
  if (most === undefined) return told;
  return Number.isNaN(most)
    ? `${told}, some from or to NaN`
    : `${told}, at most ${measure(most)} apart`;
}

function markText(mark: TensorMark): string {
  return `${mark.type} ${digestText(mark)}`;
}

function digestText({ sha256 }: TensorMark): string {
  return `sha256:${sha256.slice(0, shownDigits)}`;
}

function nodeLines(change: NodeDifference, style: Style): string[] {
  if (change.kind !== "changed") return [marked(change.kind, `node ${change.node.call}`, style)];
  const { to, attributes, inputs, bodies } = change;
  return [
    marked(change.kind, `node ${to.call}`, style),
    ...[...inputs, ...attributes].map(
      ({ name, from, to: now }) => `    ${printable(`${name}: ${changeText(from, now)}`)}`,
    ),
    ...bodies.flatMap(({ name, diff }) => [
      `    ${printable(name)}:`,
      ...diffLines(diff, style).map((line) => `      ${line}`),
    ]),
  ];
}

/** A name that stays may stand for what is computed otherwise. */
function changeText(from: string | undefined, to: string | undefined): string {
  return from === to ? `${to}, computed otherwise` : `${from ?? "none"} → ${to ?? "none"}`;
}

/** The changed constants alone. */
export function describeWeights(found: readonly InitializerDifference[], style: Style): string[] {
  if (found.length === 0) return ["The initializers are the same."];
  return [
    ...found.flatMap((change) => initializerLines(change, style)),
    `The graphs differ in ${counted(found.length, "initializer")}.`,
  ];
}
