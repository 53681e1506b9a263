/**
 * A version's session where memory has a budget: it is opened when somebody asks for it, and closed when
 * others need the room and nobody uses it.
 *
 *   away -> coming -> here -> leaving -> away
 *           coming -> failed -> coming     tried again when it is asked for, less and less often
 *   any of them -> closed
 *
 * To those who run it it is a session like any other. Who enters keeps it here until they leave; while it
 * is not here, they wait in the version's queue, by the rules of the queue.
 */
import type { Feeds, RunOptions, ServingSession, ValueSpec } from "@amaas/engine";
import { type DomainError, errorMessage, isDomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { backoffMs } from "./backoff.ts";
import type { Budget, EvictionReason, Resident, Share } from "./budget.ts";
import { loadedInVain } from "./errors.ts";
import type { Wanted } from "./model-version.ts";
import type { Signature } from "./request.ts";

/** For a request that waits; before anybody asks, because there is room; or because its predecessor is here. */
export type Occasion = "demand" | "ahead" | "order";

export interface ResidenceParts {
  readonly wanted: Wanted;
  readonly signature: Signature;
  readonly budget: Budget;
  /** What it takes, by estimate. */
  readonly needs: number;
  /** Opens it, and runs it once or more where nobody waits. */
  readonly open: (occasion: Occasion, traceparent: string) => Promise<ServingSession>;
  /** It cannot be opened, whatever the circumstances. */
  readonly onFailure: (why: DomainError) => void;
  readonly events: {
    brought(wanted: Wanted, occasion: Occasion, ms: number): void;
    notBrought(wanted: Wanted, occasion: Occasion, error: unknown): void;
    evicted(wanted: Wanted, reason: EvictionReason): void;
    closeFailed(wanted: Wanted, error: unknown): void;
  };
}

/** Those who wait for it, to be let go when it is here and kept back while it is not. */
export interface Queue {
  /** For about so many milliseconds. */
  pause(ms: number): void;
  resume(): void;
}

type State =
  | { readonly kind: "away" }
  /** Waits for room, or is being opened; goes on though nobody may wait any more, for who comes next. */
  | { readonly kind: "coming"; readonly done: Promise<void> }
  | { readonly kind: "here"; readonly session: ServingSession }
  | { readonly kind: "leaving"; readonly gone: Promise<void> }
  | { readonly kind: "failed"; readonly error: DomainError; readonly until: number }
  | { readonly kind: "closed" };

export class Residence implements ServingSession, Resident {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly #parts: ResidenceParts;
  #state: State = { kind: "away" };
  #queue: Queue | undefined;
  #users = 0;
  #usedAt = 0;
  #needs: number;
  #share: Share | undefined;
  /** How long it took the last time. */
  #tookMs = 0;
  #failures = 0;
  readonly #closing = new AbortController();

  constructor(parts: ResidenceParts) {
    this.#parts = parts;
    this.#needs = parts.needs;
    ({ inputs: this.inputs, outputs: this.outputs } = parts.signature);
  }

  get isHere(): boolean {
    return this.#state.kind === "here";
  }

  get used(): boolean {
    return this.#users > 0;
  }

  get usedAt(): number {
    return this.#usedAt;
  }

  /** 0 while it is not here. */
  get memoryBytes(): number {
    return this.#state.kind === "here" ? this.#state.session.memoryBytes : 0;
  }

  get failure(): DomainError | undefined {
    return this.#state.kind === "here" ? this.#state.session.failure : undefined;
  }

  /** Whose requests it holds back; told once, before the first. */
  serves(queue: Queue): void {
    this.#queue = queue;
    if (!this.isHere) queue.pause(this.#tookMs);
  }

  /** From here on it stays, or comes; `leave` must be called. */
  enter(at: number, traceparent: string): void {
    this.#users++;
    this.#usedAt = at;
    if (this.#state.kind !== "here") this.#ask(traceparent);
  }

  leave(): void {
    this.#users--;
    const { budget } = this.#parts;
    if (this.#users === 0 && budget.isShort) budget.pump();
  }

  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>> {
    const state = this.#state;
    if (state.kind === "here") return state.session.run(feeds, options);
    if (state.kind === "failed") return Promise.reject(state.error);
    return Promise.reject(new Error(`a run while the session is ${state.kind}`));
  }

  /** Has it come, whoever has to give way. @throws why it cannot. */
  async order(): Promise<void> {
    this.#users++;
    this.#usedAt = performance.now();
    try {
      if (this.#state.kind === "leaving") await this.#state.gone;
      const { kind } = this.#state;
      if (kind === "away" || kind === "failed") this.#bring("order", "");
      await this.#comes();
      if (this.#state.kind === "failed") throw this.#state.error;
    } finally {
      this.leave();
    }
  }

  /** Has it come if nobody has to give way. */
  async comeAhead(): Promise<void> {
    if (this.#state.kind !== "away") return;
    const share = this.#parts.budget.take(this.#needs);
    if (!share) return;
    this.#bring("ahead", "", share);
    await this.#comes();
  }

  async evict(reason: EvictionReason): Promise<void> {
    if (this.#state.kind !== "here") return;
    const { session } = this.#state;
    this.#queue?.pause(this.#tookMs);
    const gone = this.#leave(session, reason);
    this.#state = { kind: "leaving", gone };
    await gone;
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#closing.abort();
    if (state.kind === "here") await state.session.close();
    if (state.kind === "leaving") await state.gone;
    if (state.kind === "coming") await state.done;
    this.#release();
  }

  /** Resolves when it has come, or cannot, if it was on its way. */
  async #comes(): Promise<void> {
    if (this.#state.kind === "coming") await this.#state.done;
  }

  #ask(traceparent: string): void {
    const state = this.#state;
    const mayCome =
      state.kind === "away" || (state.kind === "failed" && state.until <= performance.now());
    if (mayCome) this.#bring("demand", traceparent);
  }

  #bring(occasion: Occasion, traceparent: string, share?: Share): void {
    this.#queue?.pause(this.#tookMs);
    this.#state = { kind: "coming", done: this.#come(occasion, traceparent, share) };
  }

  /** Never rejects. Begins in a later turn, so that the state is known by then. */
  async #come(occasion: Occasion, traceparent: string, given?: Share): Promise<void> {
    const { wanted, budget, open, events } = this.#parts;
    const began = performance.now();
    try {
      await Promise.resolve();
      this.#share =
        given ?? (await budget.reserve(wanted.model, this.#needs, this.#closing.signal));
      const session = await open(occasion, traceparent);
      await this.#came(session);
      this.#tookMs = performance.now() - began;
      events.brought(wanted, occasion, this.#tookMs);
    } catch (error) {
      this.#release();
      this.#failed(occasion, error);
    }
  }

  async #came(session: ServingSession): Promise<void> {
    if (this.#state.kind === "closed") {
      await session.close();
      return;
    }
    this.#failures = 0;
    this.#needs = Math.max(this.#needs, session.memoryBytes);
    this.#state = { kind: "here", session };
    this.#queue?.resume();
    this.#share?.commit(this);
  }

  #failed(occasion: Occasion, error: unknown): void {
    const { wanted, events, onFailure } = this.#parts;
    if (this.#state.kind === "closed") return;
    events.notBrought(wanted, occasion, error);
    const retryMs = backoffMs(++this.#failures);
    const why = reasonOf(wanted, error, retryMs);
    this.#state = { kind: "failed", error: why, until: performance.now() + retryMs };
    // Who waits is told by their runs.
    this.#queue?.resume();
    if (isDomainError(error, "invalid-argument")) onFailure(why);
  }

  async #leave(session: ServingSession, reason: EvictionReason): Promise<void> {
    const { wanted, events } = this.#parts;
    await session.close().catch((error: unknown) => events.closeFailed(wanted, error));
    events.evicted(wanted, reason);
    if (this.#state.kind === "leaving") this.#state = { kind: "away" };
    this.#release();
    if (this.#users > 0) this.#ask("");
  }

  #release(): void {
    this.#share?.release();
    this.#share = undefined;
  }
}

function reasonOf({ model, version }: Wanted, error: unknown, retryMs: number): DomainError {
  if (isDomainError(error, "resource-exhausted")) return error;
  return loadedInVain(model, version, errorMessage(error), retryMs);
}
