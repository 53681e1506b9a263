/**
 * One request and its answer: read, handled, written, watched.
 *
 * The handler is told through its caller's signal when the peer leaves, the deadline passes or the server stops. The
 * exchange goes on until the handler has settled, whose memory the body is, and the answer has been taken.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, isDomainError, isFault, publicError } from "@amaas/errors";
import type { SparingLog, Telemetry } from "@amaas/telemetry";
import { type BodyBudget, BodyReader } from "./body.ts";
import { HttpCaller, timeoutOf } from "./caller.ts";
import { compressed } from "./compress.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Observed, type ObserveRequest, pathOf } from "./instrument.ts";
import { type JsonObject, parseJson } from "./json.ts";
import { type RestLimits, refusalOf } from "./limits.ts";
import type { Reply } from "./reply.ts";
import type { Received } from "./route.ts";
import type { PathParameters, Routed, Router } from "./router.ts";
import { errorReply, statusOf } from "./status.ts";

/** For a peer that is still sending to read why it should not: cut off, it would lose the answer too. */
const lingerMs = 1_000;

export interface ExchangeParts {
  readonly telemetry: Telemetry;
  /** Told of what fails through a fault of ours. */
  readonly faults: SparingLog;
  readonly router: Router<Endpoint>;
  readonly observe: ObserveRequest;
  readonly budget: BodyBudget;
  readonly limits: RestLimits;
  /** Whether connections are asked to go. */
  readonly closing: () => boolean;
}

export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #parts: ExchangeParts;
  readonly #routed: Routed<Endpoint> | DomainError;
  readonly #observed: Observed;
  readonly #caller: HttpCaller;
  readonly #reader: BodyReader;
  #work: Promise<unknown> | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, parts: ExchangeParts) {
    this.#request = request;
    this.#response = response;
    this.#parts = parts;
    this.#routed = route(request, parts.router);
    const path = isDomainError(this.#routed) ? undefined : this.#routed.route.path;
    this.#observed = parts.observe(request, path);
    const { remoteAddress, remotePort } = request.socket;
    const { traceparent } = this.#observed.span;
    this.#caller = new HttpCaller(request.headers, `${remoteAddress}:${remotePort}`, traceparent);
    this.#reader = new BodyReader(request, parts.budget);
  }

  /** `begins` is called when the body is about to be read. Never rejects. */
  async run(begins: () => void): Promise<void> {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished)
        this.#caller.abort(new DomainError("cancelled", "the caller has left"));
    });
    let fault: DomainError | undefined;
    let reply: Reply;
    try {
      reply = await this.#answer(begins);
    } catch (thrown) {
      fault = publicError(thrown);
      this.#log(thrown);
      reply = errorReply(fault);
    }
    await this.#send(reply);
    const left = this.#response.writableFinished ? undefined : this.#caller.reason;
    this.#observed.end(left ? statusOf(left) : reply.status, fault);
    this.#caller.done();
    // One that is told to stop may take its time, and works on the body until then.
    await this.#work?.catch(() => {});
    this.#reader.done();
  }

  stop(reason: DomainError): void {
    this.#caller.abort(reason);
  }

  async #answer(begins: () => void): Promise<Reply> {
    const routed = this.#routed;
    if (isDomainError(routed)) throw routed;
    const { headers } = this.#request;
    this.#caller.limit(timeoutOf(headers));
    const { route: endpoint, parameters } = routed;
    const body = await this.#read(endpoint, begins);
    const received = receivedOf(parameters, body, this.#caller);
    const { tracer } = this.#parts.telemetry;
    const work = tracer.with(this.#caller.traceparent, async () =>
      endpoint.answer(received, this.#caller),
    );
    this.#work = work;
    return compressed(await this.#caller.until(work), this.#caller.metadata("accept-encoding"));
  }

  async #read({ body: kind }: Endpoint, begins: () => void): Promise<Uint8Array> {
    if (kind === "none") return new Uint8Array();
    const { limits } = this.#parts;
    const limit = refusalOf(kind, this.#request.headers, limits);
    return this.#caller.until(this.#reader.read({ limit, most: limits.bodyBytes }, begins));
  }

  #log(thrown: unknown): void {
    // A handler whose caller has gone may well stumble over that.
    if (!isFault(thrown) || this.#caller.reason !== undefined) return;
    const kind = isDomainError(this.#routed) ? "" : this.#routed.route.path;
    this.#parts.faults.error(kind, "request failed", () => ({
      path: pathOf(this.#request),
      error: thrown instanceof Error ? thrown.stack : String(thrown),
    }));
  }

  /** Resolves when the answer has been taken, or will not be. */
  async #send({ status, headers, body }: Reply): Promise<void> {
    const request = this.#request;
    const response = this.#response;
    if (response.destroyed) return;
    const taken = closed(response);
    const last = this.#parts.closing() || !request.complete;
    const length = body.reduce((sum, piece) => sum + piece.byteLength, 0);
    response.setTimeout(this.#parts.limits.stalledMs, () => response.destroy());
    response.writeHead(status, {
      ...headers,
      "content-length": length,
      ...(last ? { connection: "close" } : {}),
    });
    if (request.method !== "HEAD") {
      // Head and pieces leave in one write.
      response.cork();
      for (const piece of body) response.write(piece);
      response.uncork();
    }
    if (!request.complete) await Promise.race([drained(request), taken, sleep(lingerMs)]);
    response.end();
    await taken;
  }
}

function route(request: IncomingMessage, router: Router<Endpoint>): Routed<Endpoint> | DomainError {
  try {
    return router.find(request.method ?? "", pathOf(request));
  } catch (error) {
    return publicError(error);
  }
}

function receivedOf(parameters: PathParameters, body: Uint8Array, caller: HttpCaller): Received {
  return {
    parameter: (name) => (Object.hasOwn(parameters, name) ? parameters[name]! : ""),
    body,
    json: (): JsonObject => (body.byteLength === 0 ? {} : parseJson(body, "the body").value),
    header: (name) => caller.metadata(name),
  };
}

/** Drops what still comes. */
async function drained(request: IncomingMessage): Promise<void> {
  request.resume();
  await once(request, "end").catch(() => {});
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("finish", resolve);
    response.once("close", resolve);
  });
}
