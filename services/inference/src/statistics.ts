/**
 * The statistics of everything that is served here, by model and version.
 *
 * Those of a version are kept for as long as somebody has them open: a version that is loaded again
 * while it still serves goes on counting, and one that is unloaded starts from nothing the next time,
 * as Triton's does. So there are never more of them than versions that are served or on their way out.
 */
import { VersionStatistics } from "./version-statistics.ts";

interface Kept {
  readonly statistics: VersionStatistics;
  users: number;
}

export class Statistics implements Iterable<VersionStatistics> {
  readonly #models = new Map<string, Map<string, Kept>>();
  readonly #timer: NodeJS.Timeout;
  #told = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#second(), 1000).unref();
  }

  /** Rates are not brought up to date any more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #second(): void {
    const now = performance.now();
    const seconds = (now - this.#told) / 1000;
    this.#told = now;
    for (const statistics of this) statistics.second(seconds);
  }

  /** What is opened is closed once. */
  open(model: string, version: string): VersionStatistics {
    const versions = this.#models.get(model) ?? new Map<string, Kept>();
    this.#models.set(model, versions);
    const kept = versions.get(version) ?? {
      statistics: new VersionStatistics(model, version),
      users: 0,
    };
    kept.users++;
    versions.set(version, kept);
    return kept.statistics;
  }

  close({ model, version }: VersionStatistics): void {
    const versions = this.#models.get(model);
    const kept = versions?.get(version);
    if (versions === undefined || kept === undefined) return;
    kept.users--;
    if (kept.users > 0) return;
    versions.delete(version);
    if (versions.size === 0) this.#models.delete(model);
  }

  /** Of one model, the versions in the order in which they came; none where it is not known. */
  of(model: string): VersionStatistics[] {
    return Array.from(this.#models.get(model)?.values() ?? [], ({ statistics }) => statistics);
  }

  *[Symbol.iterator](): IterableIterator<VersionStatistics> {
    for (const versions of this.#models.values())
      for (const { statistics } of versions.values()) yield statistics;
  }
}
