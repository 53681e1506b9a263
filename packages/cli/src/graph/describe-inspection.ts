/** What was found out about a model's soundness, as lines. */
import { bytes, count, counted } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { fields, table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import { domainText, operatorText } from "./describe-graph.ts";
import type { Inspection, OperatorSupport } from "./inspect.ts";

const mostNames = 12;

export function describeInspection(
  file: string,
  found: Inspection,
  style: Style,
  width: number | undefined,
): string[] {
  const name = printable(file);
  if (!found.ok)
    return [
      `${style.red("✗")} ${name} is not well formed: ${counted(found.faults.length, "fault")}`,
      ...found.faults.map(({ where, what }) =>
        where === ""
          ? `  ${printable(what)}`
          : `  ${style.bold(printable(where))} ${printable(what)}`,
      ),
    ];
  const { nodes, opsets, untyped, operators, files } = found;
  return [
    `${style.green("✓")} ${name} is well formed: ${counted(nodes, "node")}`,
    "",
    ...fields(
      [
        [
          "opsets",
          opsets.map(({ domain, version }) => printable(`${domainText(domain)} ${version}`)),
        ],
        ["beside it", files.flatMap((each) => besideText(each.location, each.bytes))],
        ["no type", untyped.length === 0 ? undefined : untypedText(untyped)],
      ],
      style,
      width,
    ),
    "",
    ...operatorTable(operators, style),
  ];
}

function besideText(location: string | undefined, size: number): string[] {
  return location === undefined ? [] : [`${printable(location)} ${bytes(size)}`];
}

function untypedText(names: readonly string[]): string[] {
  const rest = names.length - mostNames;
  return [
    ...names.slice(0, mostNames).map(printable),
    ...(rest > 0 ? [`and ${count(rest)} more`] : []),
  ];
}

function operatorTable(operators: readonly OperatorSupport[], style: Style): string[] {
  if (operators.length === 0) return [];
  const mark = (has: boolean) => (has ? "yes" : style.yellow("no"));
  return table(
    [
      { title: "OPERATOR" },
      { title: "NODES", align: "right" },
      { title: "KERNEL" },
      { title: "GRADIENT" },
    ],
    operators.map((each) => [
      operatorText(each),
      count(each.count),
      mark(each.kernel),
      mark(each.gradient),
    ]),
    style,
  );
}
