/**
 * An answer that explains itself: parameters of the response, for who asks with the request's
 * parameter `amaas_explain: true` or the metadata `amaas-explain: 1`.
 *
 *   amaas_version, amaas_digest    what answered
 *   amaas_total_us, amaas_queue_us
 *   amaas_cache                    off, miss, hit, or coalesced: shared the run of an identical request
 *
 * and, where the model was run for it:
 *
 *   amaas_compute_input_us, amaas_compute_infer_us, amaas_compute_output_us    of the whole batch
 *   amaas_batch_id, amaas_batch_requests, amaas_batch_rows, amaas_batch_padding
 *   amaas_batch_closed_by          why it was not waited for more
 *   amaas_instance                 which instance of the version ran it, from 0
 *
 * Times are microseconds, and with counts and ids are int64.
 */
import { DomainError } from "@amaas/errors";
import type {
  InferParameter,
  ModelInferRequest,
  ModelInferResponse,
} from "@amaas/proto/inference/grpc_service";
import type { Context } from "@amaas/rpc";
import type { Wanted } from "./model-version.ts";
import type { Answer, Execution } from "./version-statistics.ts";

const parameter = "amaas_explain";

/** Whether the answer is to explain itself; who asks in a way that means nothing is told. */
export function wantsExplanation(
  { parameters }: Pick<ModelInferRequest, "parameters">,
  caller: Pick<Context, "metadata">,
): boolean {
  const choice = parameters[parameter]?.parameterChoice;
  if (choice?.$case === "boolParam") return choice.value;
  if (choice === undefined) return caller.metadata("amaas-explain") === "1";
  const description = `is ${choice.$case.replace("Param", "")} ${choice.value}, wanted a bool`;
  throw new DomainError("invalid-argument", `parameter '${parameter}' ${description}`, {
    violations: [{ field: `parameters.${parameter}`, description }],
  });
}

/** Does not touch `response`, which others may be given too. */
export function explained(
  response: ModelInferResponse,
  answer: Answer,
  { version, digest }: Pick<Wanted, "version" | "digest">,
): ModelInferResponse {
  const parameters = {
    ...response.parameters,
    amaas_version: text(String(version)),
    amaas_digest: text(digest),
    amaas_total_us: microseconds(answer.totalMs),
    amaas_queue_us: microseconds(answer.queuedMs),
    amaas_cache: text(answer.cache),
    ...(answer.execution && parametersOf(answer.execution)),
  };
  return { ...response, parameters };
}

function parametersOf(run: Execution): Record<string, InferParameter> {
  return {
    amaas_compute_input_us: microseconds(run.inputMs),
    amaas_compute_infer_us: microseconds(run.inferMs),
    amaas_compute_output_us: microseconds(run.outputMs),
    amaas_batch_id: count(run.id),
    amaas_batch_requests: count(run.requests),
    amaas_batch_rows: count(run.rows),
    amaas_batch_padding: count(run.padding),
    amaas_batch_closed_by: text(run.closedBy),
    amaas_instance: count(run.instance),
  };
}

const text = (value: string): InferParameter => ({
  parameterChoice: { $case: "stringParam", value },
});
const count = (value: number): InferParameter => ({
  parameterChoice: { $case: "int64Param", value: BigInt(value) },
});
const microseconds = (ms: number): InferParameter => count(Math.round(ms * 1000));
