/** A job's way as phases: each begins and ends as the job's state says, with what is worth knowing then. */
import { jobStateName } from "@amaas/client";
import { count, counted } from "../terminal/figures.ts";
import type { Phase, Progress, View } from "../terminal/progress.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";
import { lossFrame, trainingFrame, trainingLine } from "./frame.ts";
import { headline } from "./headline.ts";

/** The parts of the way, by the state that the job is in. */
const titles = {
  queued: "Queue",
  preparing: "Prepare",
  placing: "Place",
  training: "Train",
  packaging: "Package",
  registering: "Register",
} as const;

type Part = keyof typeof titles;

const order = Object.keys(titles);

/** Between lines of plain output: no more when epochs are short, no less when they are long. */
const busyMs = 1_000;
const quietMs = 5_000;

export class Way {
  readonly #progress: Progress;
  #part: Part | undefined;
  #phase: Phase | undefined;
  /** Why the job was where it was, as it said last. */
  #reason = "";
  #evaluations = 0;
  #saidAt = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  follow(curve: Curve): void {
    const name = jobStateName(curve.job.state);
    const part = isPart(name) ? name : undefined;
    if (part !== this.#part) {
      // Why it failed is said by whoever followed it to its end.
      if (name === "failed") this.#phase?.failed("");
      else if (name === "cancelled") this.#phase?.failed(name);
      else
        this.#phase?.done(
          this.#goesBackTo(part) ? printable(curve.job.reason) : this.#summary(curve),
        );
      this.#phase = part && this.#begin(part, curve);
      this.#part = part;
    }
    if (part) this.#tell(part, curve);
  }

  /** In place of what the job itself says. */
  note(text: string): void {
    this.#phase?.detail(text);
  }

  /** A job that makes room for another one says why it is where it has been before. */
  #goesBackTo(part: Part | undefined): boolean {
    if (!part || !this.#part) return false;
    return order.indexOf(part) < order.indexOf(this.#part);
  }

  #begin(part: Part, curve: Curve): Phase {
    this.#reason = "";
    const phase = this.#progress.begin(titles[part]);
    if (part === "training") {
      phase.body(drawnOnce(curve));
      phase.keeps((view) => framed(lossFrame(curve, view)));
    }
    return phase;
  }

  #tell(part: Part, curve: Curve): void {
    const reason = printable(curve.job.reason);
    this.#phase?.detail(reason);
    const now = performance.now();
    const since = now - this.#saidAt;
    const evaluations = curve.validations.length;
    const evaluated = evaluations > this.#evaluations && since >= busyMs;
    if (reason === this.#reason && !evaluated && since < quietMs) return;
    const training = part === "training" && (curve.job.progress?.step ?? 0) > 0;
    this.#phase?.milestone(training ? trainingLine(curve) : reason);
    this.#reason = reason;
    this.#evaluations = evaluations;
    this.#saidAt = now;
  }

  #summary(curve: Curve): string {
    const { progress, outcome } = curve.job;
    if (this.#part === "training" && progress) {
      const epochs = counted(progress.totalEpochs, "epoch");
      const steps = `${count(progress.totalSteps)} steps in ${epochs}`;
      const kept = progress.ending?.keptStep ?? Number.POSITIVE_INFINITY;
      const metric = headline(curve.validations.findLast(({ step }) => step <= kept));
      return metric === undefined ? steps : `${steps} · ${metric}`;
    }
    if (this.#part === "registering" && outcome) {
      if (outcome.version === 0) return "nothing: the job says register: false";
      const alias = outcome.alias === "" ? "" : ` → ${outcome.alias}`;
      return printable(`${outcome.model} version ${outcome.version}${alias}`);
    }
    // Why it waited is of no interest once it does not.
    return this.#part === "queued" || this.#part === "placing" ? "" : this.#reason;
  }
}

/** Many frames show the same state: a long curve is drawn when it has changed, not each time. */
function drawnOnce(curve: Curve): (view: View) => readonly string[] {
  let drawn: { revision: number; columns: number; lines: readonly string[] } | undefined;
  return (view) => {
    const { revision } = curve;
    if (drawn?.revision !== revision || drawn.columns !== view.columns)
      drawn = { revision, columns: view.columns, lines: trainingFrame(curve, view) };
    return drawn.lines;
  };
}

/** What stays has room beneath it. */
function framed(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [...lines, ""];
}

function isPart(name: string): name is Part {
  return Object.hasOwn(titles, name);
}
