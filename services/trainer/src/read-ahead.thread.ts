/** The thread that reads micro-batches before they are asked for, while others compute. */
import { serveThread } from "@amaas/engine";
import { ReadAhead, type Slots } from "./read-ahead.ts";
import { openRows, type RowReader } from "./row-reader.ts";
import type { Rows } from "./rows.ts";
import type { Sampling } from "./sampling.ts";

export interface ReadAheadApi {
  open(setup: ReadAheadSetup): void;
  /** The micro-batches of these leaves of a step. */
  fill(step: number, leaves: readonly number[]): void;
}

export interface ReadAheadSetup {
  readonly rows: Rows;
  readonly sampling: Sampling;
  readonly slots: Slots;
}

let opened: { reader: RowReader; sampling: Sampling; slots: ReadAhead } | undefined;

serveThread<ReadAheadApi>({
  open({ rows, sampling, slots }) {
    opened = { reader: openRows(rows), sampling, slots: new ReadAhead(slots, sampling) };
  },
  fill(step, leaves) {
    if (!opened) throw new Error("the thread was asked to read before it was set up");
    for (const leaf of leaves) opened.slots.fill(opened.reader, opened.sampling, step, leaf);
  },
});
