/**
 * What spares a version a run: answers that it has given, and runs that are under way for the same
 * request. For models whose configuration says `response_cache { enable: true }`; for how long an
 * answer holds is their parameter `cache_ttl_seconds`, for ever where it is not given.
 */
import { DomainError } from "@amaas/errors";
import type { ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import { Flights, type Passenger } from "./flights.ts";
import type { Feeds, Requested, Signature } from "./request.ts";
import { type RequestKey, requestKey } from "./request-key.ts";
import type { CachePart, ResponseCache } from "./response-cache.ts";
import type { CacheOutcome, Execution } from "./version-statistics.ts";

/** What makes a request what it is. */
export interface Asked {
  readonly feeds: Feeds;
  readonly requested: readonly Requested[];
}

export interface Ran {
  readonly response: ModelInferResponse;
  readonly queuedMs: number;
  /** Undefined where nothing was run for this request. */
  readonly execution: Execution | undefined;
}

export interface Spared extends Ran {
  readonly cache: CacheOutcome;
  readonly cacheMs: number;
}

const ttlParameter = "cache_ttl_seconds";

export class AnswerCache {
  readonly #part: CachePart;
  readonly #flights = new Flights<Ran & { readonly keptMs: number }>();

  readonly #signature: Signature;

  constructor(part: CachePart, signature: Signature) {
    this.#part = part;
    this.#signature = signature;
  }

  /** The response may be others' too: it is not to be changed. */
  async answer(
    { feeds, requested }: Asked,
    passenger: Passenger,
    run: (signal: AbortSignal) => Promise<Ran>,
  ): Promise<Spared> {
    const came = performance.now();
    const key = requestKey(feeds, requested, this.#signature);
    const response = this.#part.find(key);
    const foundMs = performance.now() - came;
    const spared = { queuedMs: 0, execution: undefined, cacheMs: foundMs };
    if (response) return { ...spared, response, cache: "hit" };
    const { outcome, first } = await this.#flights.fly(key, passenger, (signal) =>
      this.#runAndKeep(key, run(signal)),
    );
    if (!first) return { ...spared, response: outcome.response, cache: "coalesced" };
    const { keptMs, ...ran } = outcome;
    return { ...ran, cache: "miss", cacheMs: foundMs + keptMs };
  }

  /** Nobody asks any more. */
  close(): void {
    this.#part.close();
  }

  async #runAndKeep(key: RequestKey, running: Promise<Ran>) {
    const ran = await running;
    const began = performance.now();
    this.#part.keep(key, ran.response);
    return { ...ran, keptMs: performance.now() - began };
  }
}

/** Undefined where the model does not ask for one. */
export function answerCacheOf(
  config: ModelConfig,
  signature: Signature,
  cache: ResponseCache,
): AnswerCache | undefined {
  const ttlMs = ttlOf(config);
  return config.responseCache?.enable ? new AnswerCache(cache.open(ttlMs), signature) : undefined;
}

function ttlOf({ parameters }: ModelConfig): number {
  const text = parameters[ttlParameter]?.stringValue;
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0) return seconds * 1000;
  const description = `is '${text.slice(0, 80)}', wanted seconds above 0`;
  throw new DomainError("invalid-argument", `parameter ${ttlParameter} ${description}`, {
    violations: [{ field: `parameters.${ttlParameter}`, description }],
  });
}
