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
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports) {
    const name = domainOf(domain);
    wantVersion(`opset of ${name || "ai.onnx"}`, version, name === "" ? onnxRange : anyRange);
    // skl2onnx writes some imports twice, which says nothing more.
    const other = opsets.get(name) ?? Number(version);
    if (other !== Number(version))
      misfit(`it imports ${name || "ai.onnx"} twice, in the versions ${other} and ${version}`);
    opsets.set(name, other);
  }
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
