/**
 * From the bytes of an ONNX file to a model, believing nothing that the file says of itself. What is not well
 * formed, or is not carried here (external data, sparse tensors, local functions, other operator sets'
 * versions), is refused with the reason; nothing is allocated on a declared size alone.
 */
import { ModelProto, type OperatorSetIdProto } from "@amaas/proto/onnx/onnx";
import { defaultLimits, type Limits, takeCensus } from "./census.ts";
import { checkGraph } from "./check.ts";
import type { Model, Opsets } from "./graph.ts";
import { misfit, within } from "./misfit.ts";
import { readGraph } from "./read-graph.ts";

/** Versions of ai.onnx between which the operators described here mean the same. */
const opsetRange = { from: 18, to: 21 };
const anyRange = { from: 1, to: 10_000 };
const irRange = { from: 4, to: 13 };

export function readModel(bytes: Uint8Array, limits: Partial<Limits> = {}): Model {
  return within(
    () => "this is no readable ONNX model",
    () => {
      takeCensus(bytes, { ...defaultLimits, ...limits });
      const proto = decode(bytes);
      wantVersion("IR version", proto.irVersion, irRange);
      if (proto.functions.length > 0)
        misfit(`it has local functions (${proto.functions[0]!.name}); export it with them inlined`);
      if (!proto.graph) return misfit("it has no graph");
      const graph = readGraph(proto.graph, opsetsOf(proto.opsetImport));
      checkGraph(graph);
      const metadata = proto.metadataProps.map(({ key, value }) => [key, value]);
      return { graph, metadata: Object.fromEntries(metadata) };
    },
  );
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return ModelProto.decode(bytes);
  } catch (error) {
    return misfit(`its bytes do not decode (${error instanceof Error ? error.message : error})`);
  }
}

function opsetsOf(imports: readonly OperatorSetIdProto[]): Opsets {
  const opsets = imports.map(({ domain, version }) => {
    const name = domain === "ai.onnx" ? "" : domain;
    wantVersion(`opset of ${name || "ai.onnx"}`, version, name === "" ? opsetRange : anyRange);
    return [name, Number(version)] as const;
  });
  if (new Set(opsets.map(([domain]) => domain)).size !== opsets.length)
    misfit("it imports an operator set twice");
  const found = Object.fromEntries(opsets);
  if (!Object.hasOwn(found, "")) misfit("it imports no version of ai.onnx");
  return found;
}

function wantVersion(what: string, found: bigint, { from, to }: typeof opsetRange): void {
  if (found < from || found > to)
    misfit(`its ${what} is ${found}; ${from} to ${to} can be read, so convert it`);
}
