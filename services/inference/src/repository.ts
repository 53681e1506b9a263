/**
 * The models of this replica: for every model that has the alias, the version it points to.
 *
 * The registry owns the truth and is asked for all of it on every event, on every connection of the
 * bus and on a timer; events that are lost, repeated or out of order change only how soon. While it
 * cannot be asked, what is served goes on being served.
 */
import type {
  ListAliasesResponse_Entry,
  RegistryDefinition,
} from "@amaas/proto/amaas/registry/v1/registry";
import type { Client } from "@amaas/rpc";
import { modelUnknown } from "./errors.ts";
import type { Held, Wanted } from "./model-version.ts";
import { OnceMore } from "./once-more.ts";
import { ServedModel, type ServingParts } from "./served-model.ts";

/** After a failure it is asked again sooner than the timer would. */
const readAgainMs = 500;

export interface RepositoryParts extends ServingParts {
  readonly registry: Pick<Client<RegistryDefinition>, "listAliases">;
  readonly alias: string;
}

export class Repository {
  readonly #parts: RepositoryParts;
  readonly #models = new Map<string, ServedModel>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #reading = new OnceMore(() => this.#read());
  #readAgain: NodeJS.Timeout | undefined;
  #ready = false;
  #closed = false;

  constructor(parts: RepositoryParts) {
    this.#parts = parts;
  }

  /** True once the registry has been read and everything in it has been loaded, or tried. */
  get ready(): boolean {
    return this.#ready;
  }

  models(): Iterable<ServedModel> {
    return this.#models.values();
  }

  /** Reads the registry, now or once more after the reading that is under way. */
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
    const serving = this.#models.get(model)?.serving;
    return serving !== undefined && (version === "" || version === serving.number);
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
    await Promise.all([...this.#models.values()].map((model) => model.close()));
    await Promise.all(this.#leaving);
  }

  async #read(): Promise<void> {
    const { registry, alias, events } = this.#parts;
    try {
      const { entries } = await registry.listAliases({ alias }, { retry: false });
      events.registryRead();
      if (!this.#closed) this.#reconcile(entries);
    } catch (error) {
      events.registryUnreachable(error);
      clearTimeout(this.#readAgain);
      this.#readAgain = setTimeout(() => this.refresh(), readAgainMs).unref();
    }
  }

  #reconcile(entries: readonly ListAliasesResponse_Entry[]): void {
    const wanted = new Map(entries.flatMap(wantedOf).map((entry) => [entry.model, entry]));
    for (const served of this.#models.values()) {
      if (!wanted.has(served.name)) this.#remove(served);
    }
    for (const [name, version] of wanted) this.#modelOf(name).want(version);
    if (!this.#ready) void this.#becomeReady();
  }

  #modelOf(name: string): ServedModel {
    const known = this.#models.get(name);
    if (known) return known;
    const served = new ServedModel(name, this.#parts);
    this.#models.set(name, served);
    return served;
  }

  #remove(served: ServedModel): void {
    this.#models.delete(served.name);
    this.#parts.events.modelRemoved(served.name);
    const left = served.close().finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  async #becomeReady(): Promise<void> {
    await Promise.all([...this.#models.values()].map((model) => model.settled()));
    this.#ready = true;
  }
}

function wantedOf({ alias, version }: ListAliasesResponse_Entry): Wanted[] {
  if (!alias || !version) return [];
  return [
    {
      model: alias.model,
      version: alias.version,
      digest: version.digest,
      bytes: version.bytes,
      traceparent: alias.traceparent || version.traceparent,
    },
  ];
}
