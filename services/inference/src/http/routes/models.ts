/** What is known of a model, or of a version of it. */
import {
  ModelMetadataResponse,
  ModelStatisticsResponse,
} from "@amaas/proto/inference/grpc_service";
import { ModelConfig } from "@amaas/proto/inference/model_config";
import { messageJson } from "../contract.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { ofModel, type Received, type Route, type RouteTable } from "../route.ts";

const named = (received: Received) => ({
  name: received.parameter("model"),
  version: received.parameter("version"),
});

const readySchema = {
  type: "object",
  properties: { name: { type: "string" }, ready: { type: "boolean" } },
};

export const models: Pick<
  RouteTable,
  "modelReady" | "modelMetadata" | "modelConfig" | "modelStatistics"
> = {
  modelReady: ofModel("/ready").map((path) => ({
    verb: "GET",
    path,
    summary: "Whether the model answers; 400 where it does not.",
    body: "none",
    gives: readySchema,
    call(received) {
      const request = named(received);
      const { name } = request;
      return { request, reply: ({ ready }) => jsonReply({ name, ready }, ready ? 200 : 400) };
    },
  })),

  modelMetadata: ofModel("").map((path) => ({
    verb: "GET",
    path,
    summary: "What the model takes and gives; -1 is a size that may vary.",
    body: "none",
    gives: "ModelMetadataResponse",
    call: (received) => ({
      request: named(received),
      reply: (response) =>
        jsonReply(
          messageJson("ModelMetadataResponse", ModelMetadataResponse.encode(response).finish()),
        ),
    }),
  })),

  modelConfig: ofModel("/config").map((path) => ({
    verb: "GET",
    path,
    summary: "The configuration by which the model is served.",
    body: "none",
    gives: "ModelConfig",
    call: (received) => ({
      request: named(received),
      reply: ({ config = ModelConfig.fromPartial({}) }) =>
        jsonReply(messageJson("ModelConfig", ModelConfig.encode(config).finish())),
    }),
  })),

  modelStatistics: ["/v2/models/stats", ...ofModel("/stats")].map(
    (path): Route<"modelStatistics"> => ({
      verb: "GET",
      path,
      summary: "Counts and times since the start.",
      body: "none",
      gives: "ModelStatisticsResponse",
      call: (received) => ({ request: named(received), reply: statistics }),
    }),
  ),
};

function statistics(response: ModelStatisticsResponse): Reply {
  return jsonReply(
    messageJson("ModelStatisticsResponse", ModelStatisticsResponse.encode(response).finish()),
  );
}
