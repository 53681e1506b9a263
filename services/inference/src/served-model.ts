/**
 * One model as this process serves it: its versions, and which of them answers requests that name none.
 *
 * A version that is wanted no longer goes on answering until one that is wanted is ready and all others
 * have been tried, so that a broken version leaves the old one serving.
 */
import { modelFailed, modelLoading, modelUnknown, versionUnknown } from "./errors.ts";
import type { Held, ModelVersion, Wanted } from "./model-version.ts";
import type { WantedModel } from "./sources/source.ts";
import { type SlotParts, VersionSlot } from "./version-slot.ts";

export interface ServingParts extends SlotParts {
  /** Told when a model begins or ceases to be answered for. */
  readonly onServing: (model: string, serving: boolean) => void;
}

/** As RepositoryIndex tells it. */
export interface VersionStatus {
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE" | "LOADING" | "UNLOADING";
  readonly reason: string;
}

const unlabelled: ReadonlyMap<string, number> = new Map();

export class ServedModel {
  readonly name: string;
  readonly #parts: ServingParts;
  readonly #slots = new Map<string, VersionSlot>();
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  #preferred: string | undefined;
  #labels = unlabelled;
  #problem: string | undefined;
  /** Answers requests that name no version. */
  #serving: ModelVersion | undefined;
  #sweeping = false;

  constructor(name: string, parts: ServingParts) {
    this.name = name;
    this.#parts = parts;
    parts.onServing(name, false);
  }

  get serving(): ModelVersion | undefined {
    return this.#serving;
  }

  /** `afresh` tries again what has failed. */
  want(
    { versions, preferred, labels, problem }: Omit<WantedModel, "name">,
    { afresh = false } = {},
  ): void {
    if (problem !== undefined) {
      if (problem !== this.#problem) this.#parts.events.modelUnclear(this.name, problem);
      this.#problem = problem;
      return;
    }
    this.#problem = undefined;
    this.#wanted = new Map(versions.map((wanted) => [String(wanted.version), wanted]));
    this.#preferred = preferred === undefined ? undefined : String(preferred);
    this.#labels = labels;
    for (const [number, wanted] of this.#wanted) this.#slot(number).want(wanted, { afresh });
    this.#changed();
  }

  /** Resolves when nothing is under way; a version that failed is not, until it is tried again. */
  async settled(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.settled()));
  }

  /** The version that answers, or that of the given number or label, held for a request. */
  hold(version: string): Held {
    const serving = version === "" ? this.#serving : this.#find(version)?.serving;
    if (!serving) throw this.#absence(version);
    return serving.hold();
  }

  serves(version: string): boolean {
    return (version === "" ? this.#serving : this.#find(version)?.serving) !== undefined;
  }

  /** The numbers of those that answer, in ascending order. */
  ready(): number[] {
    return [...this.#slots.values()]
      .flatMap(({ serving }) => serving?.wanted.version ?? [])
      .sort((a, b) => a - b);
  }

  /** Has all that answers in memory, whoever else has to give way. @throws why it cannot be. */
  async bring(): Promise<void> {
    for (const { serving } of this.#slots.values()) await serving?.bring();
  }

  /** Why each wanted version that does not answer does not. */
  missing(): string[] {
    return [...this.#wanted].flatMap(([number, wanted]) => {
      const slot = this.#slots.get(number);
      if (slot?.serving?.is(wanted)) return [];
      return [`version ${number}: ${slot ? reasonOf(slot) || "is not loaded" : "is not loaded"}`];
    });
  }

  index(): VersionStatus[] {
    const reason = this.#problem ?? "";
    const versions = [...this.#slots]
      .map(([version, slot]) => statusOf(version, slot, reason))
      .sort((a, b) => Number(a.version) - Number(b.version));
    if (versions.length > 0 || reason === "") return versions;
    return [{ version: "", state: "UNAVAILABLE", reason }];
  }

  /** Serves nothing any more. Resolves when all memory is freed. */
  async close(): Promise<void> {
    this.want({ versions: [], labels: unlabelled });
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
  }

  #find(version: string): VersionSlot | undefined {
    const slot = this.#slots.get(version);
    if (slot) return slot;
    const labelled = this.#labels.get(version);
    return labelled === undefined ? undefined : this.#slots.get(String(labelled));
  }

  #slot(number: string): VersionSlot {
    const known = this.#slots.get(number);
    if (known) return known;
    const slot = new VersionSlot(this.#parts, {
      changed: () => this.#changed(),
      served: () => this.#serving,
    });
    this.#slots.set(number, slot);
    return slot;
  }

  /** Something began or ceased to answer, or has failed. */
  #changed(): void {
    this.#choose();
    // A version that is let go tells of it, from inside.
    if (this.#sweeping) return;
    this.#sweeping = true;
    const replaced = this.#isReplaced();
    for (const [number, slot] of this.#slots) {
      if (this.#wanted.has(number)) continue;
      if (slot.wanted && (replaced || !slot.serving)) slot.want(undefined);
      if (slot.isEmpty) this.#slots.delete(number);
    }
    this.#sweeping = false;
  }

  /** Whether what is not wanted is not needed: all that is wanted was tried, and some of it answers. */
  #isReplaced(): boolean {
    const wanted = [...this.#wanted.keys()].map((number) => this.#slots.get(number));
    if (wanted.length === 0) return true;
    const tried = wanted.every((slot) => slot?.candidate?.state.kind !== "loading");
    return tried && wanted.some((slot) => slot?.serving !== undefined);
  }

  /** Which version answers requests that name none. */
  #choose(): void {
    const preferred = this.#preferred === undefined ? undefined : this.#slots.get(this.#preferred);
    const stays = this.#preferred !== undefined && this.#serving?.state.kind === "ready";
    const next =
      preferred?.serving ?? (stays ? this.#slotOfServing() : undefined) ?? this.#highest();
    const previous = this.#serving;
    if (next === previous) return;
    this.#serving = next;
    this.#parts.events.answers(this.name, next?.wanted.version);
    if (Boolean(previous) !== Boolean(next)) this.#parts.onServing(this.name, next !== undefined);
  }

  /** What answers under the number of the version that answers now. */
  #slotOfServing(): ModelVersion | undefined {
    return this.#serving && this.#slots.get(this.#serving.number)?.serving;
  }

  #highest(): ModelVersion | undefined {
    let highest: ModelVersion | undefined;
    for (const { serving } of this.#slots.values())
      if (serving && serving.wanted.version > (highest?.wanted.version ?? -1)) highest = serving;
    return highest;
  }

  #absence(version: string): Error {
    if (version !== "" && this.#serving) {
      const slot = this.#find(version);
      if (!slot) return versionUnknown(this.name, version, this.ready());
    }
    const slots = version === "" ? [...this.#slots.values()].toReversed() : [this.#find(version)];
    const candidate = slots.flatMap((slot) => slot?.candidate ?? [])[0];
    if (!candidate) {
      if (this.#problem !== undefined) return modelFailed(this.name, this.#problem);
      return version !== "" && this.#serving
        ? versionUnknown(this.name, version, this.ready())
        : modelUnknown(this.name);
    }
    const { state, wanted } = candidate;
    if (state.kind === "failed")
      return modelFailed(this.name, `version ${wanted.version} failed to load: ${state.reason}`);
    return modelLoading(this.name, wanted.version);
  }
}

function reasonOf({ candidate }: VersionSlot): string {
  return candidate?.state.kind === "failed" ? candidate.state.reason : "";
}

/** `problem` is the model's. */
function statusOf(version: string, slot: VersionSlot, problem: string): VersionStatus {
  const reason = reasonOf(slot) || problem;
  if (slot.serving) {
    const { isHere } = slot.serving;
    return { version, state: "READY", reason: reason || (isHere ? "" : "unloaded") };
  }
  if (slot.candidate?.state.kind === "loading") return { version, state: "LOADING", reason };
  return { version, state: slot.isDraining ? "UNLOADING" : "UNAVAILABLE", reason };
}
