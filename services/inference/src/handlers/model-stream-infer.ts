/**
 * ModelStreamInfer: any number of requests on one stream, each answered as ModelInfer would.
 *
 * They run side by side and are answered in the order in which they came, as Triton answers models of
 * one response. What is wrong with one is said in its answer, with its id, and harms no other; who
 * sends the header `triton_grpc_error: true` has the stream end with the first error's status instead.
 * A caller who does not read is not read from. Where the service stops, what has been taken is answered before
 * the stream ends as UNAVAILABLE.
 */
import { DomainError, isDomainError, publicError } from "@amaas/errors";
import type {
  GRPCInferenceServiceDefinition,
  ModelInferRequest,
  ModelInferResponse,
  ModelStreamInferResponse,
} from "@amaas/proto/inference/grpc_service";
import type { Context, Handlers } from "@amaas/rpc";
import { type Bounds, InOrder } from "../in-order.ts";
import type { Caller } from "../infer.ts";
import type { Inference } from "../inference.ts";

/** Of one stream: enough to fill batches, and less than the queue holds. */
const bounds: Bounds = { turns: 256, weight: 64 * 2 ** 20 };

/** Of typed contents, which are arrays of numbers. */
const bytesPerValue = 8;

export function modelStreamInfer(
  inference: Inference,
): Handlers<GRPCInferenceServiceDefinition>["modelStreamInfer"] {
  return (requests, context) => {
    const answers = new InOrder<ModelStreamInferResponse>(bounds);
    void answerAll(requests, context, inference, answers);
    return answers;
  };
}

async function answerAll(
  requests: AsyncIterable<ModelInferRequest>,
  context: Context,
  { infer, events, stopping }: Inference,
  answers: InOrder<ModelStreamInferResponse>,
): Promise<void> {
  const endsAtError = context.metadata("triton_grpc_error") === "true";
  const over = new AbortController();
  const incoming = requests[Symbol.asyncIterator]();
  // What waits to be taken is dropped.
  const takeNoMore = () => void incoming.return?.();
  stopping.addEventListener("abort", takeNoMore);
  if (stopping.aborted) takeNoMore();
  const caller: Caller = endsAtError ? withSignal(context, over.signal) : context;
  try {
    for await (const request of { [Symbol.asyncIterator]: () => incoming }) {
      if (stopping.aborted) break;
      const give = answers.take(weightOf(request));
      infer(request, caller).then(
        (inferResponse) => give({ errorMessage: "", inferResponse }),
        (error: unknown) => {
          if (!isDomainError(error)) events.inferBroke(error);
          give(endsAtError ? (error as Error) : failure(request, error));
        },
      );
      if (!answers.open) await answers.room();
      if (answers.ended) break;
    }
    const cut = stopping.aborted;
    await answers.answered();
    answers.end(cut ? serverStops() : undefined);
  } catch (error) {
    answers.end(error as Error);
  } finally {
    stopping.removeEventListener("abort", takeNoMore);
    over.abort();
  }
}

function serverStops(): DomainError {
  return new DomainError("unavailable", "the server is stopping");
}

function withSignal(context: Context, over: AbortSignal): Caller {
  return {
    signal: AbortSignal.any([context.signal, over]),
    deadline: context.deadline,
    traceparent: context.traceparent,
    metadata: (name) => context.metadata(name),
  };
}

function failure({ id }: ModelInferRequest, error: unknown): ModelStreamInferResponse {
  return { errorMessage: publicError(error).message, inferResponse: { ...nothing, id } };
}

const nothing: Omit<ModelInferResponse, "id"> = {
  modelName: "",
  modelVersion: "",
  parameters: {},
  outputs: [],
  rawOutputContents: [],
};

/** What a request keeps in memory, nearly. */
function weightOf({ id, inputs, rawInputContents }: ModelInferRequest): number {
  let bytes = id.length;
  for (const raw of rawInputContents) bytes += raw.byteLength;
  for (const { contents } of inputs)
    if (contents !== undefined)
      for (const values of Object.values(contents)) bytes += values.length * bytesPerValue;
  return bytes;
}
