/** Which operator sets a file is written in, and which versions of them can be read. */
import type { OperatorSetIdProto } from "@amaas/proto/onnx/onnx";
import { newestOpset, oldestOpset } from "./convert/index.ts";
import type { Opsets } from "./graph.ts";
import { misfit } from "./misfit.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

const onnxRange: Range = { from: oldestOpset, to: newestOpset };
const anyRange: Range = { from: 1, to: 10_000 };

export function opsetsOf(imports: readonly OperatorSetIdProto[]): Opsets {
  const opsets = imports.map(({ domain, version }) => {
    const name = domainOf(domain);
    wantVersion(`opset of ${name || "ai.onnx"}`, version, name === "" ? onnxRange : anyRange);
    return [name, Number(version)] as const;
  });
  if (new Set(opsets.map(([domain]) => domain)).size !== opsets.length)
    misfit("it imports an operator set twice");
  return Object.fromEntries(opsets);
}

/** ai.onnx has two names. */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

export function wantVersion(what: string, found: bigint, { from, to }: Range): void {
  if (found < from || found > to)
    misfit(`its ${what} is ${found}; ${from} to ${to} can be read, so convert it`);
}
