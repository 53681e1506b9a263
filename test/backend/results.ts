/** The outcomes of all node tests by operator, and the page that says them. */

import { markdownTable } from "../markdown-table.ts";
import {
  cases,
  isDescribed,
  leftOut,
  type NodeCase,
  type Outcome,
  origin,
  runCase,
} from "./cases.ts";
import { refusals } from "./refusals.ts";

export interface Result {
  readonly case: NodeCase;
  readonly outcome: Outcome;
}

export function runAll(): readonly Result[] {
  return cases.map((each) => ({ case: each, outcome: runCase(each) }));
}

/** Whether a case is about an operator that is described, or is written in others when it is read. */
export function isJudged({ case: { operator }, outcome }: Result): boolean {
  return isDescribed(operator) || outcome.kind === "passed";
}

/** The page `README.md` of this folder, whole. */
export function page(results: readonly Result[]): string {
  const described = results.filter(isJudged);
  const others = results.filter((result) => !isJudged(result));
  const count = (kind: Kind) => described.filter((result) => kindOf(result) === kind).length;
  return `# Node tests of the ONNX standard

The PyPI package \`onnx\` (Apache-2.0) ships a generator of test cases for its operators: a small model, its inputs and
the outputs that the standard wants. \`node.bin.br\` holds those that \`pack.py\` took from ${origin}; \`node.test.ts\` reads
each model and runs it by the reference interpreter, within the case's own tolerance. This page is written by
\`node test/backend/page.ts\`, and a test wants it to be current.

Of ${described.length} cases about ${operatorsOf(described).length} operators that are described here, **${count("passed")} pass**, ${count("refused")} differ or are refused for a
reason stated below, ${count("failed")} fail, and ${count("undescribed")} use another operator that is not described.

${table(described)}
${reasons()}
## Not described

${others.length} more cases are about ${operatorsOf(others).length} operators that have no gradient here: ${operatorsOf(others).join(", ")}.

## Left out when packing

${leftOut.map(({ reason, cases }) => `- ${cases}: ${reason}`).join("\n")}
`;
}

const kinds = ["passed", "refused", "failed", "undescribed"] as const;
type Kind = (typeof kinds)[number];

export function kindOf({ case: each, outcome }: Result): Kind {
  const refused = outcome.kind === "failed" && Object.hasOwn(refusals, each.name);
  return refused ? "refused" : outcome.kind;
}

function table(results: readonly Result[]): string {
  const rows = operatorsOf(results).map((operator) => {
    const own = results.filter((result) => result.case.operator === operator);
    const counts = kinds.map(
      (kind) => own.filter((result) => kindOf(result) === kind).length || "",
    );
    return [operator, ...counts.map(String)];
  });
  const counted = ["passed", "refused", "failed", "use another"];
  return markdownTable(
    [{ name: "operator" }, ...counted.map((name) => ({ name, right: true }))],
    rows,
  );
}

function reasons(): string {
  const byReason = Map.groupBy(Object.entries(refusals), ([, reason]) => reason);
  const lines = [...byReason].map(
    ([reason, entries]) => `- ${reason}: ${entries.map(([name]) => `\`${name}\``).join(", ")}`,
  );
  return lines.length > 0 ? `\n## Refused\n\n${lines.join("\n")}\n` : "";
}

function operatorsOf(results: readonly Result[]): readonly string[] {
  return [...new Set(results.map((result) => result.case.operator))].sort();
}
