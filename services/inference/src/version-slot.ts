/**
 * One version number of a model: what of it is wanted, what answers, what is being loaded.
 *
 * Level-triggered: `want` says what should be served, at any time and as often as one likes. What
 * is under way ends first, then the difference is looked at again. What answers goes on answering
 * until its successor is ready, and for good if no successor ever is.
 */
import { errorMessage, isDomainError } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import { backoffMs } from "./backoff.ts";
import type { Events } from "./events.ts";
import type { LoadedVersion } from "./loaded-version.ts";
import { ModelVersion, type Wanted } from "./model-version.ts";

export interface SlotParts {
  /**
   * Reads, opens and warms a version; leaves off where nobody wants it any more. `replaces`: whether the
   * model has one in memory, which it is to be as quick as.
   */
  readonly open: (
    wanted: Wanted,
    signal: AbortSignal,
    onFailure: (why: Error) => void,
    replaces: boolean,
  ) => Promise<LoadedVersion>;
  /** Tells the others that a version answers here. */
  readonly announce: (wanted: Wanted) => void;
  readonly events: Events;
  readonly tracer: Telemetry["tracer"];
}

/** The model that it belongs to. */
export interface SlotOwner {
  /** Told whenever another version answers, or none, or a load or an unloading has ended. */
  changed(): void;
  /** The version that answers requests that name none. */
  served(): ModelVersion | undefined;
}

export class VersionSlot {
  readonly #parts: SlotParts;
  readonly #owner: SlotOwner;
  #wanted: Wanted | undefined;
  /** Is ready. */
  #serving: ModelVersion | undefined;
  /** Is loading, or has failed. */
  #candidate: ModelVersion | undefined;
  #leaving = new AbortController();
  #failures = 0;
  #retryAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  readonly #retiring = new Set<Promise<void>>();

  constructor(parts: SlotParts, owner: SlotOwner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  get serving(): ModelVersion | undefined {
    return this.#serving;
  }

  get candidate(): ModelVersion | undefined {
    return this.#candidate;
  }

  get wanted(): Wanted | undefined {
    return this.#wanted;
  }

  /** Whether some of its memory is still to be freed. */
  get isDraining(): boolean {
    return this.#retiring.size > 0;
  }

  /** Whether there is nothing in it, and nothing to come. */
  get isEmpty(): boolean {
    return !this.#wanted && !this.#serving && !this.#candidate && this.#retiring.size === 0;
  }

  /** Undefined: nothing. `afresh` tries again what has failed. */
  want(wanted: Wanted | undefined, { afresh = false } = {}): void {
    if (!wanted || !this.#candidate?.is(wanted)) this.#leaving.abort();
    this.#wanted = wanted;
    if (afresh) this.#retryAt = 0;
    this.#advance();
  }

  /** Resolves when nothing is under way; a version that failed is not, until it is tried again. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /** Serves nothing any more. Resolves when all memory is freed. */
  async close(): Promise<void> {
    this.want(undefined);
    await this.settled();
    await Promise.all(this.#retiring);
  }

  /** Does the next thing there is to do, unless something is being done. */
  #advance(): void {
    if (this.#working) return;
    clearTimeout(this.#retry);
    this.#working = this.#nextWork()?.then(() => {
      this.#working = undefined;
      this.#advance();
      this.#owner.changed();
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
    else if (!this.#mayTry()) return undefined;
    return this.#load(wanted);
  }

  /** Whether it is time to try a failed candidate again; if it will be, that is then looked at again. */
  #mayTry(): boolean {
    const left = this.#retryAt - Date.now();
    if (left <= 0) return true;
    if (left < Number.POSITIVE_INFINITY)
      this.#retry = setTimeout(() => this.#advance(), left).unref();
    return false;
  }

  async #load(wanted: Wanted): Promise<void> {
    const { tracer, events, announce, open } = this.#parts;
    const candidate = new ModelVersion(wanted);
    this.#candidate = candidate;
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    const attributes = { "amaas.model": wanted.model, "amaas.version": wanted.version };
    const started = performance.now();
    try {
      await tracer.span(
        "inference.load",
        { parent: wanted.traceparent, attributes },
        async (span) => {
          const onFailure = (why: Error) => this.#outOfService(candidate, why);
          const replaces = [this.#serving, this.#owner.served()].some((version) => version?.isHere);
          candidate.loaded(await open(this.#readable(candidate), signal, onFailure, replaces));
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
      // What is wrong with a model itself stays wrong.
      const again = wanted.persistent && !isDomainError(error, "invalid-argument");
      const retryMs = again ? backoffMs(this.#failures) : undefined;
      this.#retryAt = retryMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + retryMs;
      candidate.failed(errorMessage(error));
      if (!signal.aborted)
        events.loadFailed(wanted, error, retryMs, this.#owner.served()?.wanted.version);
    }
  }

  /** What is read later is what is there by then: the same bytes may lie elsewhere, or anew. */
  #readable(version: ModelVersion): Wanted {
    const { wanted } = version;
    const latest = () => (this.#wanted && version.is(this.#wanted) ? this.#wanted : wanted);
    const { readWarmUp } = wanted;
    return {
      ...wanted,
      read: () => latest().read(),
      get file() {
        return latest().file;
      },
      ...(readWarmUp && {
        readWarmUp: (name: string) => (latest().readWarmUp ?? readWarmUp)(name),
      }),
    };
  }

  /**
   * It hangs or crashes, time and again: it answers nobody any more, and is not tried again until
   * something else is wanted or somebody asks.
   */
  #outOfService(version: ModelVersion, why: Error): void {
    if (this.#serving !== version) return;
    this.#parts.events.outOfService(version.wanted, why);
    // A successor that is on its way, or will be tried again, goes on as if nothing had happened.
    if (!this.#candidate) {
      this.#candidate = new ModelVersion(version.wanted);
      this.#candidate.failed(errorMessage(why));
      this.#failures++;
      this.#retryAt = Number.POSITIVE_INFINITY;
    }
    this.#replace(undefined);
  }

  /** From one request to the next, another answers. */
  #replace(next: ModelVersion | undefined): void {
    const previous = this.#serving;
    if (previous === next) return;
    this.#serving = next;
    if (next) this.#candidate = undefined;
    this.#owner.changed();
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
      .finally(() => {
        this.#retiring.delete(retired);
        this.#owner.changed();
      });
    this.#retiring.add(retired);
  }
}
