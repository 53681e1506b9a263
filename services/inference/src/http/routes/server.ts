/** The server's own state. The protocol wants 200 for yes and a status from 400 on for no. */
import { ServerMetadataResponse } from "@amaas/proto/inference/grpc_service";
import { messageJson } from "../contract.ts";
import { jsonReply } from "../reply.ts";
import type { RouteTable } from "../route.ts";

export const server: Pick<RouteTable, "serverLive" | "serverReady" | "serverMetadata"> = {
  serverLive: [
    {
      verb: "GET",
      path: "/v2/health/live",
      summary: "Whether the process answers at all.",
      body: "none",
      gives: "ServerLiveResponse",
      call: () => ({ request: {}, reply: ({ live }) => jsonReply({ live }, live ? 200 : 400) }),
    },
  ],
  serverReady: [
    {
      verb: "GET",
      path: "/v2/health/ready",
      summary: "Whether inferences are answered; 400 where they are not.",
      body: "none",
      gives: "ServerReadyResponse",
      call: () => ({ request: {}, reply: ({ ready }) => jsonReply({ ready }, ready ? 200 : 400) }),
    },
  ],
  serverMetadata: [
    {
      verb: "GET",
      path: "/v2",
      summary: "Who answers, and the extensions of the protocol that are implemented.",
      body: "none",
      gives: "ServerMetadataResponse",
      call: () => ({
        request: {},
        reply: (response) =>
          jsonReply(
            messageJson("ServerMetadataResponse", ServerMetadataResponse.encode(response).finish()),
          ),
      }),
    },
  ],
};
