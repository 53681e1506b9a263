/** A graph as lines to read: what it takes and gives, all it does, and what it is made of. */
import {
  type Graph,
  type GraphSummary,
  type OperatorCount,
  printGraph,
  printType,
  summarize,
  type TensorTotals,
} from "@amaas/graph";
import { bytes, count, counted } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { fields, table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import type { LoadedModel } from "./load-model.ts";

const usualWidth = 100;
const mostValues = 12;
const mostConstants = 24;

export interface Extent {
  /** At most so many nodes are listed. */
  readonly nodes?: number;
}

export function describeGraph(
  loaded: LoadedModel,
  style: Style,
  width: number | undefined,
  { nodes }: Extent,
): string[] {
  const { graph } = loaded.model;
  const summary = summarize(graph);
  const text = printGraph(graph, {
    constants: mostConstants,
    width: width ?? usualWidth,
    ...(nodes === undefined ? {} : { nodes }),
  });
  return [
    ...fields(
      [
        ["file", fileText(loaded)],
        ["opsets", opsetsText(graph)],
        ["inputs", valuesText(graph.inputs)],
        ["outputs", valuesText(graph.outputs)],
        ["parameters", totalsText(summary.parameters)],
        ["constants", totalsText(summary.constants)],
        ["nodes", nodesText(summary)],
      ],
      style,
      width,
    ),
    "",
    ...text.split("\n").map(printable),
    "",
    ...operatorTable(summary.operators, style),
  ];
}

export function fileText({ name, bytes: size, files }: LoadedModel): string {
  const beside = files.flatMap((file) =>
    file.location === undefined ? [] : [` + ${printable(file.location)}, ${bytes(file.bytes)}`],
  );
  return `${printable(name)}, ${bytes(size)}${beside.join("")}`;
}

export function opsetsText({ opsets }: Graph): string {
  const texts = Object.entries(opsets).map(
    ([domain, version]) => `${domainText(domain)} ${version}`,
  );
  return printable(texts.join(", "));
}

export function domainText(domain: string): string {
  return domain === "" ? "ai.onnx" : domain;
}

export function operatorText({ domain, op }: Pick<OperatorCount, "domain" | "op">): string {
  return printable(domain === "" ? op : `${domain}.${op}`);
}

function valuesText(values: Graph["inputs"]): string[] {
  const rest = values.length - mostValues;
  return [
    ...values.slice(0, mostValues).map((value) => printable(`${value.name} ${printType(value)}`)),
    ...(rest > 0 ? [`and ${count(rest)} more`] : []),
  ];
}

function totalsText({ tensors, elements, bytes: size }: TensorTotals): string | undefined {
  if (tensors === 0) return undefined;
  return `${counted(elements, "number")} in ${counted(tensors, "tensor")}, ${bytes(size)}`;
}

function nodesText({ nodes, innerNodes }: GraphSummary): string {
  return innerNodes === 0 ? count(nodes) : `${count(nodes)}, and ${count(innerNodes)} inside them`;
}

function operatorTable(operators: readonly OperatorCount[], style: Style): string[] {
  if (operators.length === 0) return [];
  return table(
    [{ title: "OPERATOR" }, { title: "NODES", align: "right" }],
    operators.map((each) => [operatorText(each), count(each.count)]),
    style,
  );
}
