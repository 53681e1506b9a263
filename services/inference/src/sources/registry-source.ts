/**
 * Models of the registry: for every model that has the alias, the version that it points to, and beside
 * it the versions that somebody asked for by number or by another alias.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { DomainError } from "@amaas/errors";
import type {
  ListAliasesResponse_Entry as Entry,
  RegistryDefinition,
  Version,
} from "@amaas/proto/amaas/registry/v1/registry";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import type { Client } from "@amaas/rpc";
import { modelNotInRepository } from "../errors.ts";
import type { Wanted } from "../model-version.ts";
import type { LoadOrder, ModelSource, WantedModel } from "./source.ts";

export interface RegistrySourceParts {
  readonly registry: Pick<Client<RegistryDefinition>, "listAliases" | "getVersion">;
  readonly blobs: Pick<BlobStore, "get">;
  /** Whose versions answer requests that name none. */
  readonly alias: string;
}

/** What was asked for of one model by hand. */
interface Orders {
  readonly versions: Map<number, Version>;
  readonly aliases: Set<string>;
  readonly config: ModelConfig | undefined;
}

export class RegistrySource implements ModelSource {
  readonly kind = "registry";
  readonly #parts: RegistrySourceParts;
  readonly #orders = new Map<string, Orders>();
  /** Models that nobody wants here, whatever their alias says. */
  readonly #unloaded = new Set<string>();
  /** Models that have aliases, when they were last read. */
  #known: ReadonlySet<string> = new Set();

  constructor(parts: RegistrySourceParts) {
    this.#parts = parts;
  }

  async read(): Promise<readonly WantedModel[]> {
    const models = await this.#aliases();
    return [...new Set([...models.keys(), ...this.#orders.keys()])]
      .filter((name) => !this.#unloaded.has(name))
      .flatMap((name) => this.#wanted(name, models.get(name) ?? []));
  }

  async offered(): Promise<readonly string[]> {
    return [...(await this.#aliases()).keys()];
  }

  async load(model: string, order: LoadOrder): Promise<WantedModel> {
    if (order.files.size > 0)
      throw new DomainError(
        "invalid-argument",
        `failed to load '${model}', models come from the registry: no file is taken in their place`,
      );
    if (order.config?.output.some(({ labelFilename }) => labelFilename !== ""))
      throw new DomainError(
        "invalid-argument",
        `failed to load '${model}', label_filename is for models of a folder: the registry has no such file`,
      );
    const { versions, aliases: names } = this.#orders.get(model) ?? noOrders();
    // Copies: an order that is refused leaves nothing behind.
    const orders: Orders = {
      versions: new Map(versions),
      aliases: new Set(names),
      config: order.config,
    };
    if (order.version !== undefined)
      orders.versions.set(order.version, await this.#version(model, order.version));
    const aliases = (await this.#aliases()).get(model) ?? [];
    if (order.alias !== undefined) {
      if (!aliases.some(({ alias }) => alias?.alias === order.alias))
        throw modelNotInRepository(model, `it has no alias '${order.alias}'`);
      if (order.alias !== this.#parts.alias) orders.aliases.add(order.alias);
    }
    const [wanted] = this.#wanted(model, aliases, orders);
    if (!wanted) throw modelNotInRepository(model, `it has no alias '${this.#parts.alias}'`);
    this.#orders.set(model, orders);
    this.#unloaded.delete(model);
    return wanted;
  }

  async unload(model: string, version?: number): Promise<WantedModel | undefined> {
    if (version === undefined) {
      // Other names are anybody's to make up, and are not kept.
      if (this.#orders.delete(model) || this.#known.has(model)) this.#unloaded.add(model);
      return undefined;
    }
    if (this.#unloaded.has(model)) return undefined;
    const aliases = (await this.#aliases()).get(model) ?? [];
    const held = aliases.find(
      ({ alias }) => alias?.version === version && this.#serves(model, alias.alias),
    );
    if (held?.alias)
      throw new DomainError(
        "failed-precondition",
        `failed to unload '${model}', alias '${held.alias.alias}' points to version ${version}: move the alias, or unload the model`,
      );
    this.#orders.get(model)?.versions.delete(version);
    return this.#wanted(model, aliases)[0];
  }

  #serves(model: string, alias: string): boolean {
    return alias === this.#parts.alias || this.#orders.get(model)?.aliases.has(alias) === true;
  }

  async #version(model: string, version: number): Promise<Version> {
    const which = { $case: "version" as const, value: version };
    const { version: found } = await this.#parts.registry.getVersion({ model, which });
    if (!found) throw modelNotInRepository(model, `it has no version ${version}`);
    return found;
  }

  /** The aliases of each model that has any. */
  async #aliases(): Promise<Map<string, Entry[]>> {
    const { entries } = await this.#parts.registry.listAliases({}, { retry: false });
    const models = Map.groupBy(entries, ({ alias }) => alias?.model ?? "");
    this.#known = new Set(models.keys());
    return models;
  }

  /** Nothing where nothing of the model should be served. */
  #wanted(
    name: string,
    entries: readonly Entry[],
    { versions, aliases, config } = this.#orders.get(name) ?? noOrders(),
  ): WantedModel[] {
    const wanted = new Map<number, Wanted>();
    const add = (version: Version, traceparent: string) =>
      wanted.set(version.version, this.#wantedVersion(version, traceparent, config));
    for (const version of versions.values()) add(version, version.traceparent);
    let preferred: number | undefined;
    for (const { alias, version } of entries) {
      if (!alias || !version) continue;
      const answers = alias.alias === this.#parts.alias;
      if (answers) preferred = version.version;
      if (answers || aliases.has(alias.alias))
        add(version, alias.traceparent || version.traceparent);
    }
    if (wanted.size === 0) return [];
    const labels = new Map(
      entries.flatMap(({ alias }) => (alias ? [[alias.alias, alias.version]] : [])),
    );
    const chosen = preferred === undefined ? {} : { preferred };
    return [{ name, versions: [...wanted.values()], labels, ...chosen }];
  }

  #wantedVersion(
    { model, version, digest, bytes }: Version,
    traceparent: string,
    config: ModelConfig | undefined,
  ): Wanted {
    const read = async () => this.#parts.blobs.get(parseDigest(digest));
    return { model, version, digest, bytes, traceparent, read, config, persistent: true };
  }
}

function noOrders(): Orders {
  return { versions: new Map(), aliases: new Set(), config: undefined };
}
