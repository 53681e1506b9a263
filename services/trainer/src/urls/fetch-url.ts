/**
 * The bytes behind a URL, where it is allowed to be read: within limits of size and time, from addresses
 * that were checked after the name had been resolved, through redirects that are allowed themselves.
 */
import { type LookupAddress, lookup } from "node:dns";
import { type ClientRequestArgs, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { DomainError, type ErrorCode, errorMessage, isDomainError } from "@amaas/errors";
import { hostOf, isLoopbackAddress, isPublicAddress } from "./addresses.ts";
import { type AllowedUrls, allowance } from "./allowed-urls.ts";

export interface FetchLimits {
  readonly bytes: number;
  /** In all. */
  readonly totalMs: number;
  /** Without a byte. */
  readonly stallMs: number;
}

export interface Source {
  /** Of the spec, for the words of errors. */
  readonly field: string;
  readonly url: URL;
  readonly allowed: AllowedUrls;
  readonly limits: FetchLimits;
  /** Ends the reading, once its time is over. */
  readonly signal: AbortSignal;
}

const mostRedirects = 5;

/** @throws DomainError; its code is `aborted` where another attempt may succeed. */
export async function* fetchUrl(source: Source): AsyncGenerator<Uint8Array> {
  const { limits } = source;
  const { response, url } = await openUrl(source);
  const length = Number(response.headers["content-length"] ?? Number.NaN);
  let done = 0;
  try {
    if (length > limits.bytes) throw tooLarge(source, `${length} bytes`);
    for await (const piece of response) {
      done += piece.length;
      if (done > limits.bytes) throw tooLarge(source, `more than ${limits.bytes} bytes`);
      yield piece;
    }
  } catch (error) {
    const wanted = Number.isNaN(length) ? "" : ` of ${length}`;
    throw faultOf(source, error, `${shown(url)} broke off after ${done}${wanted} bytes`);
  } finally {
    response.destroy();
  }
}

/** As people may see it: a query may hold a secret. */
export function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname.slice(0, 200)}`;
}

async function openUrl(source: Source): Promise<{ response: IncomingMessage; url: URL }> {
  let { url } = source;
  let via = "";
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await ask(source, url, via).catch((error: unknown) => {
      throw faultOf(source, error, `${shown(url)} cannot be reached`);
    });
    const { statusCode: status = 0, headers } = response;
    if (status === 200 && (headers["content-encoding"] ?? "identity") === "identity")
      return { response, url };
    response.destroy();
    const to = status >= 300 && status < 400 ? headers.location : undefined;
    if (to === undefined || !URL.canParse(to, url.href)) throw badAnswer(source, url, status);
    via = `${shown(url)} leads to `;
    url = new URL(to, url);
  }
  throw refusal(source, "failed-precondition", `${shown(source.url)} leads on and on`);
}

async function ask(source: Source, url: URL, via: string): Promise<IncomingMessage> {
  const { allowed, signal, limits } = source;
  const by = allowance(url, allowed);
  if (by === undefined || url.username !== "" || url.password !== "")
    throw refusal(
      source,
      "permission-denied",
      `${via}${shown(url)} is not among the URLs that trainers may read (AMAAS_DATA_URLS); upload the file, or have the URL added`,
    );
  const isFine = (address: string) => {
    if (url.protocol === "http:") return isLoopbackAddress(address);
    return by === "named" || isPublicAddress(address);
  };
  const check = (address: string) =>
    isFine(address)
      ? undefined
      : refusal(
          source,
          "permission-denied",
          `${via}${shown(url)} is at ${address}, which is not a public address; AMAAS_DATA_URLS has to name its origin`,
        );
  // A name is checked where it is resolved, so that what was checked is what is connected to.
  const literal = hostOf(url.hostname);
  const fault = isIP(literal) === 0 ? undefined : check(literal);
  if (fault) throw fault;
  const options: ClientRequestArgs = {
    agent: false,
    headers: { "accept-encoding": "identity", "user-agent": "amaas-trainer" },
    lookup: checkedLookup(check),
    signal,
    timeout: limits.stallMs,
  };
  return new Promise((resolve, reject) => {
    const make = url.protocol === "http:" ? requestHttp : requestHttps;
    const asked = make(url.href, options, (response) => {
      asked.removeAllListeners("timeout");
      asked.once("timeout", () => response.destroy(stalled(source, url)));
      resolve(response);
    });
    asked.once("timeout", () => asked.destroy(stalled(source, url)));
    asked.once("error", reject);
    asked.end();
  });
}

function checkedLookup(check: (address: string) => Error | undefined): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
      const fault = error ?? addresses.map(({ address }) => check(address)).find(Boolean);
      const [first] = addresses;
      if (fault || !first) callback(fault ?? new Error(`${hostname} has no address`), "");
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function badAnswer(source: Source, url: URL, status: number): DomainError {
  const passing = status === 429 || status >= 500;
  const found = status === 200 ? "in an encoding that nobody asked for" : `with status ${status}`;
  return refusal(
    source,
    passing ? "aborted" : "failed-precondition",
    `${shown(url)} answers ${found}, wanted the file; check the URL, or upload the file`,
  );
}

function tooLarge(source: Source, found: string): DomainError {
  const { limits, url } = source;
  return refusal(
    source,
    "resource-exhausted",
    `${shown(url)} has ${found}, wanted at most ${limits.bytes}; divide it into files of a folder and upload that`,
  );
}

function stalled(source: Source, url: URL): DomainError {
  const seconds = source.limits.stallMs / 1000;
  return refusal(source, "aborted", `${shown(url)} sent nothing for ${seconds} s`);
}

/** What the network throws, in our words; our own refusals, and what the signal ends, first. */
function faultOf(source: Source, error: unknown, what: string): DomainError {
  if (source.signal.aborted)
    return refusal(
      source,
      "deadline-exceeded",
      `${shown(source.url)} took longer than ${source.limits.totalMs / 1000} s; upload the file instead`,
    );
  if (isDomainError(error)) return error;
  return refusal(source, "aborted", `${what}: ${errorMessage(error)}`);
}

function refusal({ field }: Source, code: ErrorCode, description: string): DomainError {
  return new DomainError(code, `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
