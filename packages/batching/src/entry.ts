/** A request from its submission to its answer. What it asks for and is answered is not looked at in here. */
import type { Alarm } from "./alarms.ts";
import type { Link } from "./chain.ts";
import type { Line } from "./lane.ts";
import type { Answered, Work } from "./work.ts";

/** Where an entry stands while it waits. */
export interface Standing {
  readonly line: Line;
  readonly inLine: Link<Entry>;
  readonly inBin: Link<Entry>;
}

export class Entry implements Alarm {
  /** Among the alarms. */
  place = -1;
  /** When it has to leave the queue, or stand back in it. */
  ringsAt = Number.POSITIVE_INFINITY;
  standing: Standing | undefined;
  /** Listens to the caller's signal. */
  onAbort: (() => void) | undefined;

  readonly work: Work<unknown>;
  readonly rows: number;
  /** In the order in which they came, or were put behind the others. */
  sequence: number;
  readonly came: number;
  /** The last moment at which it may begin. */
  readonly deadline: number;
  /** Smaller is served first. */
  rank: number;
  readonly resolve: (answered: Answered<unknown>) => void;
  readonly reject: (error: unknown) => void;

  constructor(parts: {
    readonly work: Work<unknown>;
    readonly sequence: number;
    readonly came: number;
    readonly deadline: number;
    readonly rank: number;
    readonly resolve: (answered: Answered<unknown>) => void;
    readonly reject: (error: unknown) => void;
  }) {
    this.work = parts.work;
    this.rows = parts.work.rows;
    this.sequence = parts.sequence;
    this.came = parts.came;
    this.deadline = parts.deadline;
    this.rank = parts.rank;
    this.resolve = parts.resolve;
    this.reject = parts.reject;
  }
}
