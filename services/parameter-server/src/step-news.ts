/** What the scheduler is told of each step: what it does not know yet of the losses and the other figures. */
import type { Hosted } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { History } from "./conductor.ts";
import { type SeriesName, seriesMessages, seriesNames } from "./step-series.ts";

/** What it takes of a curve: its beginning. */
const LONGEST = 4_000_000;

export class StepNews {
  #toldLosses = 0;
  readonly #toldSeries = new Map<SeriesName, number>();

  /** All of it where the scheduler is a fresh one; nothing where this shard does not lead. */
  of(
    history: History | undefined,
    fresh: boolean,
  ): Pick<Hosted, "firstLossStep" | "losses" | "series"> {
    if (!history) return { firstLossStep: 0, losses: new Uint8Array(), series: [] };
    const { losses, series } = history;
    const known = Math.min(losses.length, LONGEST);
    const firstLossStep = fresh ? 0 : Math.min(this.#toldLosses, known);
    this.#toldLosses = known;
    const news = Float64Array.from(losses.slice(firstLossStep, known));
    const told = (name: SeriesName) => (fresh ? 0 : (this.#toldSeries.get(name) ?? 0));
    const messages = seriesMessages(series, told, LONGEST);
    for (const name of seriesNames)
      this.#toldSeries.set(name, Math.min(series[name].length, LONGEST));
    return { firstLossStep, losses: new Uint8Array(news.buffer), series: messages };
  }
}
