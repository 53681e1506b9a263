/**
 * One model as this process serves it: what is wanted, what answers, what is being loaded.
 *
 * Level-triggered: `want` says what should be served, at any time and as often as one likes. What
 * is under way ends first, then the difference is looked at again. The version that answers goes on
 * answering until its successor is ready, and for good if no successor ever is.
 */
import { errorMessage } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import { backoffMs } from "./backoff.ts";
import { modelFailed, modelLoading, modelUnknown, versionUnknown } from "./errors.ts";
import type { Events } from "./events.ts";
import type { LoadedVersion } from "./loaded-version.ts";
import { type Held, ModelVersion, type Wanted } from "./model-version.ts";

export interface ServingParts {
  /** Reads, opens and warms a version. */
  readonly open: (wanted: Wanted) => Promise<LoadedVersion>;
  /** Told when a model begins or ceases to be answered for. */
  readonly onServing: (model: string, serving: boolean) => void;
  /** Tells the others that a version answers here. */
  readonly announce: (wanted: Wanted) => void;
  readonly events: Events;
  readonly tracer: Telemetry["tracer"];
}

export class ServedModel {
  readonly name: string;
  readonly #parts: ServingParts;
  #wanted: Wanted | undefined;
  /** Is ready. */
  #serving: ModelVersion | undefined;
  /** Is loading, or has failed and will be tried again. */
  #candidate: ModelVersion | undefined;
  #failures = 0;
  #retryAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  readonly #retiring = new Set<Promise<void>>();

  constructor(name: string, parts: ServingParts) {
    this.name = name;
    this.#parts = parts;
    parts.onServing(name, false);
  }

  get serving(): ModelVersion | undefined {
    return this.#serving;
  }

  /** Undefined: nothing. */
  want(wanted: Wanted | undefined): void {
    this.#wanted = wanted;
    this.#advance();
  }

  /** Resolves when nothing is under way; a version that failed is not, until it is tried again. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /** The version that answers, or that of the given number, held for a request. */
  hold(version: string): Held {
    const serving = this.#serving;
    if (!serving) throw this.#absence();
    if (version !== "" && version !== serving.number)
      throw versionUnknown(this.name, version, serving.number);
    return serving.hold();
  }

  /** Serves nothing any more. Resolves when all memory is freed. */
  async close(): Promise<void> {
    this.want(undefined);
    await this.settled();
    await Promise.all(this.#retiring);
  }

  #absence(): Error {
    const { state, wanted } = this.#candidate ?? {};
    if (!state || !wanted) return modelUnknown(this.name);
    if (state.kind === "failed") return modelFailed(this.name, wanted.version, state.reason);
    return modelLoading(this.name, wanted.version);
  }

  /** Does the next thing there is to do, unless something is being done. */
  #advance(): void {
    if (this.#working) return;
    clearTimeout(this.#retry);
    this.#working = this.#nextWork()?.then(() => {
      this.#working = undefined;
      this.#advance();
    });
  }

  #nextWork(): Promise<void> | undefined {
    const wanted = this.#wanted;
    if (!wanted || this.#serving?.is(wanted)) {
      this.#candidate = undefined;
      this.#failures = 0;
      if (!wanted) this.#replace(undefined);
      return undefined;
    }
    if (!this.#candidate?.is(wanted)) this.#failures = 0;
    else if (this.#retryIn() > 0) return undefined;
    return this.#load(wanted);
  }

  /** Milliseconds until the failed candidate is tried again, which is then looked at again. */
  #retryIn(): number {
    const left = this.#retryAt - Date.now();
    if (left > 0) this.#retry = setTimeout(() => this.#advance(), left).unref();
    return left;
  }

  async #load(wanted: Wanted): Promise<void> {
    const { tracer, events, announce, open } = this.#parts;
    const candidate = new ModelVersion(wanted);
    this.#candidate = candidate;
    const attributes = { "amaas.model": wanted.model, "amaas.version": wanted.version };
    const started = performance.now();
    try {
      await tracer.span(
        "inference.load",
        { parent: wanted.traceparent, attributes },
        async (span) => {
          candidate.loaded(await open(wanted));
          if (!this.#wanted || !candidate.is(this.#wanted)) {
            events.versionSuperseded(span, wanted);
            this.#retire(candidate);
            return;
          }
          await tracer.span("inference.swap", { attributes }, () => this.#replace(candidate));
          events.versionLoaded(span, wanted, performance.now() - started);
          announce(wanted);
        },
      );
    } catch (error) {
      this.#failures++;
      const retryMs = backoffMs(this.#failures);
      this.#retryAt = Date.now() + retryMs;
      candidate.failed(errorMessage(error));
      events.loadFailed(wanted, error, retryMs, this.#serving?.wanted.version);
    }
  }

  /** From one request to the next, another version answers. */
  #replace(next: ModelVersion | undefined): void {
    const previous = this.#serving;
    this.#serving = next;
    this.#candidate = undefined;
    if (Boolean(previous) !== Boolean(next)) this.#parts.onServing(this.name, next !== undefined);
    if (previous) this.#retire(previous);
  }

  #retire(version: ModelVersion): void {
    const { events } = this.#parts;
    const retired = version
      .retire()
      .then(
        () => events.versionClosed(version.wanted),
        (error: unknown) => events.closeFailed(version.wanted, error),
      )
      .finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }
}
