/**
 * The HTTP side of a service: /livez (the process runs its event loop), /readyz (it can answer,
 * or 503 and why not) and /metrics.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
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

/** A peer that takes nothing for so long is left alone with what it has. */
const silenceMs = 30_000;

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
      const { contentType, pieces } = await telemetry.metrics.exposition(accept);
      await answerInPieces(response, pieces, contentType);
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
        if (hasLeft(error)) return;
        telemetry.log.error("an HTTP page failed", { url: request.url, error });
        if (!response.headersSent) answer(response, 500, "internal error\n");
      });
    },
  );
  server.setTimeout(silenceMs);

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

/**
 * A long page, made as fast as it is taken. Between two pieces others have their turn, however fast that is.
 * What fails on the way breaks it off.
 */
async function answerInPieces(
  response: ServerResponse,
  pieces: Iterable<string>,
  contentType: string,
): Promise<void> {
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
  await pipeline(inTurns(response.req.method === "HEAD" ? [] : pieces), response);
}

/** Who leaves in the middle of a page is no fault. */
function hasLeft(error: unknown): boolean {
  return error instanceof Error && "code" in error && left.has(error.code);
}
const left: ReadonlySet<unknown> = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}
