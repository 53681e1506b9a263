/** One unary request of a soak and what is kept of how it ended. */
import type { ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import type { CallOptions } from "@amaas/rpc";
import type { Stage } from "./stage.ts";

export interface Asked {
  readonly model: string;
  readonly rows: number;
  readonly request: Parameters<Stage["client"]["modelInfer"]>[0];
  readonly options?: CallOptions;
  /** Whether the answer says if the cache gave it. */
  readonly explain?: boolean;
}

/** Rows of four times the same number. */
export function raw(model: string, rows: number, x: number) {
  const request = {
    modelName: model,
    inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), 4n] }],
    rawInputContents: [new Uint8Array(new Float32Array(4 * rows).fill(x).buffer)],
  };
  return { model, rows, x, request };
}

const explained = {
  amaas_explain: { parameterChoice: { $case: "boolParam" as const, value: true } },
};

/** Undefined where it failed, in one of the ways that are to be reckoned with. */
export async function infer(
  { client, ledger }: Stage,
  { model, rows, request, options, explain = false }: Asked,
  expected: readonly string[] = [],
): Promise<ModelInferResponse | undefined> {
  try {
    const asked = explain ? { ...request, parameters: explained } : request;
    const answer = await client.modelInfer(asked, options);
    const cache = answer.parameters.amaas_cache?.parameterChoice?.value;
    ledger.answer(model, rows, cache === "hit" || cache === "coalesced");
    return answer;
  } catch (error) {
    ledger.failure(model, error, expected);
    return undefined;
  }
}

/** Of the first output. */
export function numbers({ rawOutputContents: [bytes] }: ModelInferResponse): Float32Array {
  return new Float32Array(bytes!.slice().buffer);
}
