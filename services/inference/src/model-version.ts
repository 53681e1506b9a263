/**
 * One version of a model in this process, from the moment it is wanted until its memory is freed.
 *
 *   loading -> ready -> draining -> closed
 *   loading -> failed
 *
 * Requests hold a version while they use it. A version that is retired takes no new ones and closes
 * its session when the last of them has left.
 */
import { ModelConfig } from "@amaas/proto/inference/model_config";
import type { LoadedVersion } from "./loaded-version.ts";
import type { FileLook } from "./sources/folder/file-look.ts";

/** The names of classes, in the order of their places, by the output that has them. */
export type ClassLabels = ReadonlyMap<string, readonly string[]>;

/** A version that should be served. */
export interface Wanted {
  readonly model: string;
  readonly version: number;
  /** Of the model's bytes. */
  readonly digest: string;
  readonly bytes: number;
  /** Of the alias move that asks for it, or of the job that made it. */
  readonly traceparent: string;
  /** The bytes that have the digest. */
  readonly read: () => Promise<Uint8Array>;
  /** The file that has them, if a file of this machine has them all. */
  readonly file?: FileLook | undefined;
  /** One of the files that its configuration has it warmed up with. */
  readonly readWarmUp?: (name: string) => Promise<Uint8Array>;
  /** What was written down for it; the rest is the model's to say. */
  readonly config: ModelConfig | undefined;
  readonly classLabels?: ClassLabels;
  /** Whether it is tried again by itself when something kept it from being loaded. */
  readonly persistent: boolean;
}

export type VersionState =
  /** Its bytes are read, its session opened and warmed. No request sees it. */
  | { readonly kind: "loading" }
  /** It answers requests. */
  | { readonly kind: "ready"; readonly loaded: LoadedVersion }
  /** Another has taken its place: it answers those who hold it and nobody else. */
  | { readonly kind: "draining"; readonly loaded: LoadedVersion }
  /** Its memory is freed. */
  | { readonly kind: "closed" }
  /** It could not be loaded, and holds nothing. */
  | { readonly kind: "failed"; readonly reason: string };

/** A version that a request uses. */
export interface Held {
  readonly version: ModelVersion;
  readonly loaded: LoadedVersion;
  /** Lets it go; must be called. */
  release(): void;
}

export class ModelVersion {
  readonly wanted: Wanted;
  #state: VersionState = { kind: "loading" };
  #holders = 0;
  #answered = false;
  readonly #closed = Promise.withResolvers<void>();

  constructor(wanted: Wanted) {
    this.wanted = wanted;
  }

  get state(): VersionState {
    return this.#state;
  }

  get number(): string {
    return String(this.wanted.version);
  }

  /** Whether it is in memory: where that has a budget, a version may be ready and not loaded. */
  get isHere(): boolean {
    const state = this.#state;
    return state.kind === "ready" && (state.loaded.residence?.isHere ?? true);
  }

  /** Has it in memory, if it is ready. @throws why it cannot be. */
  async bring(): Promise<void> {
    if (this.#state.kind === "ready") await this.#state.loaded.residence?.order();
  }

  /** One of the same number, bytes, configuration and labels is the same. */
  is({ version, digest, config, classLabels }: Wanted): boolean {
    return (
      this.wanted.version === version &&
      this.wanted.digest === digest &&
      sameConfig(this.wanted.config, config) &&
      sameLabels(this.wanted.classLabels, classLabels)
    );
  }

  /** loading -> ready */
  loaded(loaded: LoadedVersion): void {
    this.#from("loading");
    this.#state = { kind: "ready", loaded };
  }

  /** loading -> failed */
  failed(reason: string): void {
    this.#from("loading");
    this.#state = { kind: "failed", reason };
  }

  /** A ready version stays open while it is held. */
  hold(): Held {
    const { loaded } = this.#from("ready");
    this.#holders++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.#holders--;
      this.#closeIfUnused();
    };
    return { version: this, loaded, release };
  }

  /** Told of every answer; true for the first. */
  answered(): boolean {
    const first = !this.#answered;
    this.#answered = true;
    return first;
  }

  /** ready -> draining -> closed. Resolves when the memory is freed. */
  retire(): Promise<void> {
    const { loaded } = this.#from("ready");
    this.#state = { kind: "draining", loaded };
    this.#closeIfUnused();
    return this.#closed.promise;
  }

  #closeIfUnused(): void {
    if (this.#state.kind !== "draining" || this.#holders > 0) return;
    const { loaded } = this.#state;
    this.#state = { kind: "closed" };
    this.#closed.resolve(loaded.close());
  }

  #from<K extends VersionState["kind"]>(kind: K): Extract<VersionState, { kind: K }> {
    const state = this.#state;
    if (!isIn(state, kind))
      throw new Error(
        `version ${this.number} of ${this.wanted.model} is ${state.kind}, not ${kind}`,
      );
    return state;
  }
}

function isIn<K extends VersionState["kind"]>(
  state: VersionState,
  kind: K,
): state is Extract<VersionState, { kind: K }> {
  return state.kind === kind;
}

function sameConfig(one: ModelConfig | undefined, other: ModelConfig | undefined): boolean {
  if (one === other) return true;
  if (!one || !other) return false;
  return Buffer.compare(ModelConfig.encode(one).finish(), ModelConfig.encode(other).finish()) === 0;
}

function sameLabels(one: ClassLabels | undefined, other: ClassLabels | undefined): boolean {
  const text = (labels: ClassLabels | undefined) => JSON.stringify([...(labels ?? [])]);
  return one === other || text(one) === text(other);
}
