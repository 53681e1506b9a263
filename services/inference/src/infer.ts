/**
 * An inference, whatever the protocol it came by: check the request, look whether it was answered
 * before, wait for a turn, run the model, answer.
 *
 * The version is held from the first check to the answer, so a swap in between changes nothing for
 * this request. The call's deadline and its caller's leaving are the queue's too.
 */
import type { Limits } from "@amaas/batching";
import type { ModelInferRequest, ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import type { Context } from "@amaas/rpc";
import type { Ran, Spared } from "./answer-cache.ts";
import type { Events } from "./events.ts";
import { explained, wantsExplanation } from "./explain.ts";
import type { Held } from "./model-version.ts";
import { requestOptions } from "./parameters.ts";
import type { Repository } from "./repository.ts";
import { readFeeds, requestedOutputs, rowsOf } from "./request.ts";
import { inferResponse } from "./response.ts";
import type { Answer } from "./version-statistics.ts";

/** Who asks: until when, in which trace, and with which metadata. */
export type Caller = Pick<Context, "signal" | "deadline" | "traceparent" | "metadata">;

export type Infer = (request: ModelInferRequest, caller: Caller) => Promise<ModelInferResponse>;

export interface InferParts {
  readonly repository: Repository;
  /** What tenants may have. */
  readonly limits: Limits;
  readonly events: Events;
}

export function createInfer({ repository, limits, events }: InferParts): Infer {
  return async (request, caller) => {
    const came = performance.now();
    const held = hold(request);
    const { statistics } = held.loaded;
    const { traceparent } = caller;
    const tenant = caller.metadata("amaas-tenant") ?? "";
    let leave: (() => void) | undefined;
    try {
      const explains = wantsExplanation(request, caller);
      leave = limits.enter(tenant);
      const { response, ...run } = await answer(request, held, caller, tenant);
      const totalMs = performance.now() - came;
      const answered: Answer = { ...run, totalMs, traceparent };
      events.inferred(statistics, answered);
      if (held.version.answered()) events.firstPrediction(held.version.wanted, answered);
      return explains ? explained(response, answered, held.version.wanted) : response;
    } catch (error) {
      events.inferFailed(statistics, error, performance.now() - came, traceparent);
      throw error;
    } finally {
      leave?.();
      held.release();
    }
  };

  function hold({ modelName, modelVersion }: ModelInferRequest): Held {
    try {
      return repository.hold(modelName, modelVersion);
    } catch (error) {
      events.inferRefused(error);
      throw error;
    }
  }

  async function answer(
    request: ModelInferRequest,
    { version, loaded }: Held,
    caller: Caller,
    tenant: string,
  ): Promise<Spared & { readonly rows: number }> {
    const { signature, batching, answers } = loaded;
    const { priority, timeoutUs } = requestOptions(request);
    const feeds = readFeeds(request, signature);
    const requested = requestedOutputs(request, signature);
    const rows = rowsOf(request.modelName, feeds, signature, batching);
    const { deadline, traceparent } = caller;

    async function run(signal: AbortSignal): Promise<Ran> {
      const place = { tenant, priority, timeoutUs, deadline, signal };
      const { outputs, ...ran } = await loaded.submit({ feeds, rows, ...place, traceparent });
      const asked = requested.map((output) => ({ ...output, tensor: outputs[output.name]! }));
      const { classLabels } = version.wanted;
      const { countsRows } = batching;
      const response = inferResponse(request, version.number, asked, countsRows, classLabels);
      return { response, ...ran };
    }

    if (!answers) return { ...(await run(caller.signal)), rows, cache: "off", cacheMs: 0 };
    const passenger = { tenant, priority, timeoutUs, signal: caller.signal };
    const spared = await answers.answer({ feeds, requested }, passenger, run);
    return { ...spared, response: { ...spared.response, id: request.id }, rows };
  }
}
