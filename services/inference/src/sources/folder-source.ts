/**
 * Models of a folder, laid out as Triton's model repository.
 *
 *   none      what is there at the start, all of it
 *   poll      what is there, looked at again and again
 *   explicit  what requests ask for, and what was named at the start
 *
 * A change that polling sees counts once it has stayed the same for a second, so that a file which is
 * still being copied is left alone until it is whole. What cannot be served is told with its reason and
 * changes nothing that is.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import type { Background } from "../background/background.ts";
import { loadFailed, modelControlOff, modelNotInRepository } from "../errors.ts";
import { Resolver, resolveSent } from "./folder/resolve.ts";
import { checkName, placesIn, type Survey, survey, textOf } from "./folder/survey.ts";
import type { LoadOrder, ModelSource, WantedModel } from "./source.ts";

/** What has changed is left alone for so long, to see whether it goes on changing. */
const settlingMs = 1_000;

export interface FolderSourceParts {
  readonly folder: string;
  readonly mode: "none" | "poll" | "explicit";
  readonly pollMs: number;
  /** In mode explicit, what to begin with; all of them where it has a "*". */
  readonly models: readonly string[];
  readonly background: Pick<Background, "digest">;
}

interface Known {
  readonly text: string;
  readonly wanted: WantedModel;
}

export class FolderSource implements ModelSource {
  readonly kind = "folder";
  readonly #parts: FolderSourceParts;
  readonly #resolver: Resolver;
  readonly #models = new Map<string, Known>();
  /** What the last look saw of models that had changed, and since when that is so. */
  #changing = new Map<string, { readonly text: string; readonly since: number }>();
  #begun = false;

  constructor(parts: FolderSourceParts) {
    this.#parts = parts;
    this.#resolver = new Resolver(parts.background, parts.mode !== "explicit");
  }

  async read(): Promise<readonly WantedModel[]> {
    const { mode, models } = this.#parts;
    if (!this.#begun) {
      const all = mode !== "explicit" || models.includes("*");
      await this.#begin(all ? undefined : models);
      this.#begun = true;
    } else if (mode === "poll") await this.#look();
    return [...this.#models.values()].map(({ wanted }) => wanted);
  }

  async offered(): Promise<readonly string[]> {
    const { folder } = this.#parts;
    const names: string[] = [];
    for (const [name, place] of await placesIn(folder))
      if (this.#models.has(name) || (await survey(name, place))) names.push(name);
    return names;
  }

  lookAgainMs(): number | undefined {
    return this.#changing.size > 0 ? settlingMs : undefined;
  }

  async load(model: string, order: LoadOrder): Promise<WantedModel> {
    this.#checkControl();
    const wanted = await this.#ordered(model, order);
    this.#models.set(model, { text: "", wanted });
    return wanted;
  }

  async unload(model: string, version?: number): Promise<WantedModel | undefined> {
    this.#checkControl();
    const known = this.#models.get(model);
    this.#models.delete(model);
    const rest = known?.wanted.versions.filter((wanted) => wanted.version !== version) ?? [];
    if (!known || version === undefined || rest.length === 0) return undefined;
    const wanted = { ...known.wanted, versions: rest };
    this.#models.set(model, { text: "", wanted });
    return wanted;
  }

  #checkControl(): void {
    if (this.#parts.mode !== "explicit") throw modelControlOff();
  }

  async #ordered(
    model: string,
    { config, files, version, alias }: LoadOrder,
  ): Promise<WantedModel> {
    if (version !== undefined || alias !== undefined)
      throw loadFailed(
        model,
        "version and alias are for a registry's models; wanted a version_policy",
      );
    if (files.size > 0) {
      if (!config) throw modelNotInRepository(model, "files were sent without a config");
      return told(model, async () => {
        checkName(model);
        return resolveSent(model, config, files);
      });
    }
    const surveyed = await this.#survey(model);
    if (!surveyed) throw modelNotInRepository(model, "it is not there");
    return told(model, () => this.#resolver.resolve(surveyed, config));
  }

  async #survey(model: string): Promise<Survey | undefined> {
    const place = (await placesIn(this.#parts.folder)).get(model);
    return place && survey(model, place);
  }

  async #begin(names: readonly string[] | undefined): Promise<void> {
    const places = await placesIn(this.#parts.folder);
    for (const name of names ?? places.keys()) {
      const place = places.get(name);
      const surveyed = place && (await survey(name, place));
      if (surveyed) await this.#accept(surveyed, textOf(surveyed));
      else if (names) this.#models.set(name, absent(name));
    }
  }

  /** Accepts what has changed and has then stayed as it is. */
  async #look(): Promise<void> {
    const now = performance.now();
    const before = this.#changing;
    const changing: typeof before = new Map();
    const places = await placesIn(this.#parts.folder);
    for (const name of new Set([...places.keys(), ...this.#models.keys()])) {
      const place = places.get(name);
      const surveyed = place && (await survey(name, place));
      const text = textOf(surveyed);
      if (text === (this.#models.get(name)?.text ?? "")) continue;
      const seen = before.get(name);
      const since = seen?.text === text ? seen.since : now;
      // Timers may be early by a little.
      if (now - since < settlingMs - 20) changing.set(name, { text, since });
      else if (surveyed) await this.#accept(surveyed, text);
      else this.#models.delete(name);
    }
    this.#changing = changing;
  }

  async #accept(surveyed: Survey, text: string): Promise<void> {
    const { name } = surveyed;
    try {
      this.#models.set(name, { text, wanted: await this.#resolver.resolve(surveyed) });
    } catch (error) {
      this.#models.set(name, { text, wanted: unserved(name, errorMessage(error)) });
    }
  }
}

/** What is wrong with a model's files is said in Triton's words first. */
async function told(model: string, resolve: () => Promise<WantedModel>): Promise<WantedModel> {
  try {
    return await resolve();
  } catch (error) {
    throw error instanceof DomainError ? loadFailed(model, error.message) : error;
  }
}

function unserved(name: string, problem: string): WantedModel {
  return { name, versions: [], labels: new Map(), problem };
}

function absent(name: string): Known {
  return { text: "", wanted: unserved(name, "it is not in the model repository") };
}
