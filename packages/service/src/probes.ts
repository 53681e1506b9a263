/**
 * The HTTP side of a service: /livez (the process runs its event loop), /readyz (it can answer,
 * or 503 and why not) and /metrics.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOn } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";

export interface Probes {
  readonly port: number;
  close(): Promise<void>;
}

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly telemetry: Telemetry;
  readonly ready: () => true | string;
}

type Page = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export async function openProbes({ host, port, telemetry, ready }: ProbeOptions): Promise<Probes> {
  const pages: Record<string, Page> = {
    "/livez": (response) => answer(response, 200, "ok\n"),
    "/readyz": (response) => {
      const state = ready();
      if (state === true) answer(response, 200, "ok\n");
      else answer(response, 503, `${state}\n`);
    },
    "/metrics": async (response, { headers: { accept } }) => {
      const { contentType, body } = await telemetry.metrics.exposition(accept);
      answer(response, 200, body, contentType);
    },
  };

  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    (request, response) => {
      const page = pages[request.url?.split("?", 1)[0] ?? ""];
      if (page === undefined)
        return answer(response, 404, `wanted one of ${Object.keys(pages).join(", ")}\n`);
      if (request.method !== "GET" && request.method !== "HEAD")
        return answer(response, 405, "wanted GET\n");
      Promise.resolve(page(response, request)).catch((error) => {
        telemetry.log.error("an HTTP page failed", { url: request.url, error });
        answer(response, 500, "internal error\n");
      });
    },
  );

  return {
    port: await listenOn(server, host, port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}
