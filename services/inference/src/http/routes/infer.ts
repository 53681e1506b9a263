/**
 * Inference. The body is a JSON object, behind which may stand the bytes of tensors: then the header
 * Inference-Header-Content-Length says where the JSON ends. Where it says 0 there is no JSON: the body is the one input.
 */
import type { Context } from "@amaas/rpc";
import { headerBytesOf, headerLength } from "../header-length.ts";
import { type InferTarget, readInferBody } from "../infer-request.ts";
import { inferReply } from "../infer-response.ts";
import { inferRequestSchema, inferResponseSchema } from "../infer-schema.ts";
import { jsonTooLarge } from "../limits.ts";
import { rawInput } from "../raw-input.ts";
import { type Call, ofModel, type Received, type Route } from "../route.ts";
import type { RouteParts } from "./index.ts";

export function inferRoutes({ jsonBytes, metadata }: RouteParts): readonly Route<"modelInfer">[] {
  async function call(received: Received, context: Context): Promise<Call<"modelInfer">> {
    const target: InferTarget = {
      model: received.parameter("model"),
      version: received.parameter("version"),
    };
    const { body } = received;
    const header = received.header(headerLength);
    const headerBytes = headerBytesOf(header, body.byteLength);
    const refusal = jsonTooLarge(headerBytes, jsonBytes);
    if (refusal) throw refusal;
    const { request, forms } =
      header !== undefined && headerBytes === 0
        ? await rawInput(body, target, metadata, context)
        : readInferBody(body, headerBytes, target);
    return { request, reply: (response) => inferReply(response, forms, jsonBytes) };
  }
  return ofModel("/infer").map((path) => ({
    verb: "POST",
    path,
    summary: "Runs the model on the inputs.",
    body: "tensors",
    takes: inferRequestSchema,
    gives: inferResponseSchema,
    call,
  }));
}
