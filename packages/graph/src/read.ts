/**
 * From the bytes of an ONNX file to a model, believing nothing that the file says of itself. Whatever version of
 * ONNX it is written in, what comes back is of the one that is written here, without local functions. What is not
 * well formed or cannot be carried is refused with the reason; nothing is allocated on a declared size alone.
 */
import { ModelProto } from "@amaas/proto/onnx/onnx";
import { defaultLimits, type Limits, takeCensus } from "./census.ts";
import { checkGraph } from "./check.ts";
import { type ExternalData, ExternalFiles } from "./external.ts";
import type { Model, Opsets } from "./graph.ts";
import { LocalFunctions } from "./local-functions.ts";
import { misfit, within } from "./misfit.ts";
import { readGraph } from "./read-graph.ts";
import { opsetsOf, wantVersion } from "./read-opsets.ts";
import { Names, type Scope, type Source } from "./read-scope.ts";

const irRange = { from: 4, to: 13 };

export interface ReadOptions {
  readonly limits?: Partial<Limits>;
  /** Hands over the files that a model keeps its weights in; without it such a model is refused. */
  readonly external?: ExternalData;
}

/** The tensors of the model are views of `bytes` and of the external files, which must not change any more. */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  return within(
    () => "this is no readable ONNX model",
    () => {
      const limits = { ...defaultLimits, ...options.limits };
      const census = takeCensus(bytes, limits);
      const proto = decode(bytes);
      wantVersion("IR version", proto.irVersion, irRange);
      if (!proto.graph) return misfit("it has no graph");
      const opsets = opsetsOf(proto.opsetImport);
      if (!Object.hasOwn(opsets, "")) misfit("it imports no version of ai.onnx");
      const functions = new LocalFunctions(proto.functions, census.functions);
      const { budget } = census;
      const source: Source = {
        opsets: functions.opsetsWithout(proto.graph, opsets),
        functions,
        files: new ExternalFiles(options.external),
        budget,
        names: new Names(proto.graph, budget),
        deepest: limits.depth,
        tensors: new WeakMap(),
      };
      const graph = readGraph(proto.graph, mainScope(source, opsets));
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

function mainScope(source: Source, opsets: Opsets): Scope {
  return {
    source,
    opsets,
    rename: (name) => name,
    bound: undefined,
    find: () => undefined,
    calls: [],
    depth: 0,
  };
}
