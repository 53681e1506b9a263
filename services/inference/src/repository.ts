/**
 * The models of this replica, as their source says they should be.
 *
 * The source owns the truth and is asked for all of it on every hint that it has changed and on a timer;
 * hints that are lost, repeated or out of order change only how soon. While it cannot be asked, what is
 * served goes on being served.
 */
import { loadFailed, modelUnknown } from "./errors.ts";
import type { Held } from "./model-version.ts";
import { OnceMore } from "./once-more.ts";
import { ServedModel, type ServingParts, type VersionStatus } from "./served-model.ts";
import type { LoadOrder, ModelSource, WantedModel } from "./sources/source.ts";

/** After a failure it is asked again sooner than the timer would. */
const readAgainMs = 500;

export interface RepositoryParts extends ServingParts {
  readonly source: ModelSource;
}

export interface ModelStatus extends Omit<VersionStatus, "state"> {
  readonly name: string;
  /** Empty for a model that nobody has asked for. */
  readonly state: VersionStatus["state"] | "";
}

export class Repository {
  readonly #parts: RepositoryParts;
  readonly #models = new Map<string, ServedModel>();
  /** The versions that a model had when it was unloaded by hand. */
  readonly #unloaded = new Map<string, readonly number[]>();
  readonly #leaving = new Map<Promise<void>, string>();
  readonly #reading = new OnceMore(() => this.#exclusively(() => this.#read()));
  #last: Promise<unknown> = Promise.resolve();
  #readAgain: NodeJS.Timeout | undefined;
  #ready = false;
  #closed = false;

  constructor(parts: RepositoryParts) {
    this.#parts = parts;
  }

  /** True once the source has been read and everything in it has been loaded, or tried. */
  get ready(): boolean {
    return this.#ready;
  }

  models(): Iterable<ServedModel> {
    return this.#models.values();
  }

  /** Reads the source, now or once more after the reading that is under way. */
  refresh(): void {
    if (!this.#closed) this.#reading.ask();
  }

  /** The version that answers a request, held until it is released. */
  hold(model: string, version: string): Held {
    const served = this.#models.get(model);
    if (!served) throw modelUnknown(model);
    return served.hold(version);
  }

  /** Whether a request for the model, or that version of it, would be answered. */
  serves(model: string, version: string): boolean {
    return this.#models.get(model)?.serves(version) === true;
  }

  /** The numbers of the versions that answer. */
  versions(model: string): number[] {
    return this.#models.get(model)?.ready() ?? [];
  }

  /** Every model there is, served or not. */
  async index(): Promise<ModelStatus[]> {
    const names = new Set([...this.#models.keys(), ...(await this.#parts.source.offered())]);
    const leaving = new Set(this.#leaving.values());
    return [...names].sort().flatMap((name): ModelStatus[] => {
      const versions = this.#models.get(name)?.index() ?? [];
      if (versions.length > 0) return versions.map((status) => ({ name, ...status }));
      const unloaded = this.#unloaded.get(name);
      if (!unloaded) return [{ name, version: "", state: "", reason: "" }];
      const leaves = leaving.has(name);
      return unloaded.map((version) => ({
        name,
        version: String(version),
        state: leaves ? "UNLOADING" : "UNAVAILABLE",
        reason: leaves ? "" : "unloaded",
      }));
    });
  }

  /** Resolves when the model answers as it was ordered. What answered before goes on if it cannot. */
  async load(model: string, order: LoadOrder): Promise<void> {
    const served = await this.#exclusively(async () => {
      const wanted = await this.#parts.source.load(model, order);
      return this.#want(wanted, true);
    });
    await served.settled();
    const missing = served.missing();
    if (missing.length > 0) throw loadFailed(model, missing.join("; "));
    await served.bring();
  }

  /** From now on the model, or the version, answers nobody; its memory is freed when all have left. */
  async unload(model: string, version?: number): Promise<void> {
    await this.#exclusively(async () => {
      const served = this.#models.get(model);
      const versions = served?.ready() ?? [];
      const rest = await this.#parts.source.unload(model, version);
      if (rest) this.#want(rest, false);
      else if (served) {
        this.#unloaded.set(model, versions);
        this.#remove(served);
      }
    });
  }

  /** Loads nothing any more; what is served stays. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#readAgain);
  }

  /** Frees all models, each when its last request has left. */
  async close(): Promise<void> {
    this.stop();
    await this.#reading.settled();
    await this.#last;
    await Promise.all([...this.#models.values()].map((model) => model.close()));
    await Promise.all(this.#leaving.keys());
  }

  /** The source is asked for one thing at a time, so that no answer undoes a later one. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #read(): Promise<void> {
    const { source, events } = this.#parts;
    try {
      const wanted = await source.read();
      events.sourceRead(source.kind);
      if (!this.#closed) this.#reconcile(wanted);
      this.#readIn(source.lookAgainMs?.());
    } catch (error) {
      events.sourceUnreachable(source.kind, error);
      this.#readIn(readAgainMs);
    }
  }

  #readIn(ms: number | undefined): void {
    clearTimeout(this.#readAgain);
    if (ms !== undefined && !this.#closed)
      this.#readAgain = setTimeout(() => this.refresh(), ms).unref();
  }

  #reconcile(wanted: readonly WantedModel[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const served of this.#models.values()) if (!names.has(served.name)) this.#remove(served);
    for (const model of wanted) this.#want(model, false);
    if (!this.#ready) void this.#becomeReady();
  }

  #want(wanted: WantedModel, afresh: boolean): ServedModel {
    const known = this.#models.get(wanted.name);
    const served = known ?? new ServedModel(wanted.name, this.#parts);
    if (!known) this.#models.set(wanted.name, served);
    this.#unloaded.delete(wanted.name);
    served.want(wanted, { afresh });
    return served;
  }

  #remove(served: ServedModel): void {
    this.#models.delete(served.name);
    const left = served.close().finally(() => this.#leaving.delete(left));
    this.#leaving.set(left, served.name);
    this.#parts.events.modelRemoved(served.name);
  }

  async #becomeReady(): Promise<void> {
    await Promise.all([...this.#models.values()].map((model) => model.settled()));
    this.#ready = true;
  }
}
