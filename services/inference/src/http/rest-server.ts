/**
 * The Open Inference Protocol's and Triton's REST interface, on a port of its own.
 *
 * HTTP/1.1 with connections that stay open. Everything a peer can grow has a limit (`limits.ts`), and one that is slow to
 * send or to read is given up.
 */

import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { DomainError } from "@amaas/errors";
import { listenOn } from "@amaas/rpc";
import { SparingLog, type Telemetry } from "@amaas/telemetry";
import type { InferenceHandlers } from "../handlers/index.ts";
import { BodyBudget } from "./body.ts";
import { documents } from "./documents.ts";
import { endpointOf } from "./endpoint.ts";
import { Exchange, type ExchangeParts } from "./exchange.ts";
import { observeRequests } from "./instrument.ts";
import { type RestLimits, standardLimits } from "./limits.ts";
import { allRoutes } from "./route.ts";
import { Router } from "./router.ts";
import { createRoutes } from "./routes/index.ts";

export interface RestOptions {
  readonly telemetry: Telemetry;
  readonly handlers: InferenceHandlers;
  readonly limits?: Partial<RestLimits>;
}

export interface RestServer {
  /** The port, which is a free one where 0 was asked for. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no new connections, waits for requests in flight and ends the rest after `ms`. */
  drain(ms: number): Promise<void>;
}

/** For the last answers to leave. */
const partingMs = 100;

export function createRestServer({ telemetry, handlers, ...options }: RestOptions): RestServer {
  const limits: RestLimits = { ...standardLimits, ...options.limits };
  const { modelMetadata: metadata } = handlers;
  const routes = allRoutes(createRoutes({ jsonBytes: limits.jsonBytes, metadata }));
  const endpoints = routes.map((route) => endpointOf(route, handlers));
  const exchanges = new Set<Exchange>();
  const none = new EventEmitter();
  let drained: Promise<void> | undefined;
  const parts: ExchangeParts = {
    telemetry,
    faults: new SparingLog(telemetry.log),
    router: new Router([...endpoints, ...documents(routes)]),
    observe: observeRequests(telemetry),
    budget: new BodyBudget(limits.heldBytes),
    limits,
    closing: () => drained !== undefined,
  };

  const serve = async (request: IncomingMessage, response: ServerResponse, begins = () => {}) => {
    const exchange = new Exchange(request, response, parts);
    exchanges.add(exchange);
    await exchange.run(begins);
    exchanges.delete(exchange);
    if (exchanges.size === 0) none.emit("none");
  };
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = limits.connections;
  server.on("request", (request, response) => void serve(request, response));
  server.on("checkContinue", (request, response) =>
    serve(request, response, () => response.writeContinue()),
  );

  /** Resolves when no request is in flight any more, or after `ms`. */
  async function quiet(ms: number): Promise<void> {
    if (exchanges.size === 0) return;
    await once(none, "none", { signal: AbortSignal.timeout(ms) }).catch(() => {});
  }

  async function drain(ms: number): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await quiet(ms);
    for (const exchange of exchanges)
      exchange.stop(new DomainError("unavailable", "the server is stopping"));
    await quiet(partingMs);
    server.closeAllConnections();
    await closed;
  }

  return {
    listen: (host, port) => listenOn(server, host, port),
    drain(ms) {
      drained ??= drain(ms);
      return drained;
    },
  };
}
