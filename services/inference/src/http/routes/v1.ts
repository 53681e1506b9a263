/** KServe's first protocol, as far as it says something that the second does not. */
import type { Context } from "@amaas/rpc";
import { jsonTooLarge } from "../limits.ts";
import { predictionsReply, readInstances } from "../predict.ts";
import { jsonReply } from "../reply.ts";
import type { Call, Received, Route, RouteTable } from "../route.ts";
import type { RouteParts } from "./index.ts";

export const v1: Pick<RouteTable, "modelReady" | "repositoryIndex"> = {
  modelReady: [
    {
      verb: "GET",
      path: "/v1/models/{model}",
      summary: "Whether the model answers; 503 where it does not.",
      body: "none",
      gives: {
        type: "object",
        properties: { name: { type: "string" }, ready: { type: "boolean" } },
      },
      call(received) {
        const name = received.parameter("model");
        return {
          request: { name, version: "" },
          reply: ({ ready }) => jsonReply({ name, ready }, ready ? 200 : 503),
        };
      },
    },
  ],
  repositoryIndex: [
    {
      verb: "GET",
      path: "/v1/models",
      summary: "The names of the models that answer.",
      body: "none",
      gives: {
        type: "object",
        properties: { models: { type: "array", items: { type: "string" } } },
      },
      call: () => ({
        request: { repositoryName: "", ready: true },
        reply: ({ models }) => jsonReply({ models: [...new Set(models.map(({ name }) => name))] }),
      }),
    },
  ],
};

const list = (name: string) => ({
  type: "object",
  required: [name],
  properties: { [name]: { type: "array", items: {} } },
});

export function predictRoutes({ jsonBytes, metadata }: RouteParts): readonly Route<"modelInfer">[] {
  async function call(received: Received, context: Context): Promise<Call<"modelInfer">> {
    const { body } = received;
    const refusal = jsonTooLarge(body.byteLength, jsonBytes);
    if (refusal) throw refusal;
    const target = { model: received.parameter("model"), version: "" };
    const about = await metadata({ name: target.model, version: "" }, context);
    const request = readInstances(body, target, about);
    return { request, reply: (response) => predictionsReply(response, jsonBytes) };
  }
  return [
    {
      verb: "POST",
      path: "/v1/models/{model}:predict",
      summary: "Runs the model on rows: instances in, predictions out.",
      body: "tensors",
      takes: list("instances"),
      gives: list("predictions"),
      call,
    },
  ];
}
