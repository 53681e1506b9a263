/**
 * ModelInfer: check the request, wait for a thread, run the model, answer.
 *
 * The version is held from the first check to the answer, so a swap in between changes nothing for
 * this request. The call's deadline and its caller's leaving are the queue's too.
 */
import type {
  GRPCInferenceServiceDefinition,
  ModelInferRequest,
} from "@amaas/proto/inference/grpc_service";
import type { Context, Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";
import type { Held } from "../model-version.ts";
import { type Feeds, readFeeds, requestedOutputs, rowsOf } from "../request.ts";
import { inferResponse } from "../response.ts";

export function modelInfer(
  inference: Inference,
): Handlers<GRPCInferenceServiceDefinition>["modelInfer"] {
  const { events } = inference;
  return async (request, context) => {
    const came = performance.now();
    const held = holdFor(request, inference);
    const target = { model: request.modelName, version: held.version.number };
    const { traceparent } = context;
    try {
      const { response, ...run } = await infer(request, held, inference, context);
      const inferred = { ...target, ...run, totalMs: performance.now() - came, traceparent };
      events.inferred(inferred);
      if (held.version.answered()) events.firstPrediction(held.version.wanted, inferred);
      return response;
    } catch (error) {
      events.inferFailed(target, error, performance.now() - came, traceparent);
      throw error;
    } finally {
      held.release();
    }
  };
}

function holdFor(request: ModelInferRequest, { repository, events }: Inference): Held {
  try {
    return repository.hold(request.modelName, request.modelVersion);
  } catch (error) {
    events.inferRefused(error);
    throw error;
  }
}

async function infer(
  request: ModelInferRequest,
  { version, session }: Held,
  { queue, events }: Inference,
  { signal, deadline }: Context,
) {
  const feeds = readFeeds(request, session);
  const names = requestedOutputs(request, session);
  const job = { bytes: bytesOf(feeds), expectedMs: version.runTime.expectedMs, deadline, signal };
  const stopsWaiting = events.inferWaits({ model: request.modelName, version: version.number });
  try {
    const { result, queuedMs, ranMs } = await queue.run(job, () => {
      stopsWaiting();
      return session.run(feeds, { signal });
    });
    version.runTime.ran(ranMs);
    const outputs = names.map((name) => ({ name, tensor: result[name]! }));
    const response = inferResponse(request, version.number, outputs);
    return { response, queuedMs, ranMs, rows: rowsOf(feeds, session) };
  } finally {
    stopsWaiting();
  }
}

/** What a waiting request holds in memory. */
function bytesOf(feeds: Feeds): number {
  const sizes = Object.values(feeds).map(({ data }) =>
    Array.isArray(data) ? data.reduce((sum, text) => sum + text.length, 0) : data.byteLength,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
