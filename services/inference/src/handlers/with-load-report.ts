/**
 * ModelInfer with a load report in the trailing metadata `endpoint-load-metrics-bin`, whether the request
 * is answered or refused: for who asks with the metadata `endpoint-load-metrics-format: bin`, or for all.
 */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { LoadReports } from "../load-reports.ts";

type ModelInfer = Handlers<GRPCInferenceServiceDefinition>["modelInfer"];

export function withLoadReport(infer: ModelInfer, reports: LoadReports): ModelInfer {
  return (request, context) => {
    const answer = infer(request, context);
    if (!reports.always && context.metadata("endpoint-load-metrics-format") !== "bin")
      return answer;
    return answer.finally(() =>
      context.trailer("endpoint-load-metrics-bin", reports.encoded(request.modelName)),
    );
  };
}
