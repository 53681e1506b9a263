/**
 * What a shard does between the sums of a step and its update, where that depends on lengths of whole
 * vectors: of the gradient, to clip it, or of every tensor, for a layer-wise optimizer.
 *
 * Every shard tells the lead the squares of its parts, and learns from it what all of them come to.
 * A message lost costs time: it is sent again, and answered the same. What is lost with a shard is
 * lost with the step, as all go back to a checkpoint then.
 */
import { setImmediate as breath, setTimeout as sleep } from "node:timers/promises";
import { clippedDivisor, type Optimizer } from "@amaas/optim";
import { NormsDefinition } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { HostTask, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { ExactSquares } from "@amaas/reduction";
import { type Client, createClient } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";
import { malformed, notHosted } from "./errors.ts";
import { Norms, type Share } from "./norms.ts";
import type { Shard, Sum } from "./shard.ts";
import type { Snapshot } from "./snapshot.ts";
import { piecesOf, type TensorPiece } from "./tensor-pieces.ts";

export interface NormedUpdateParts {
  readonly task: Task;
  readonly host: HostTask;
  readonly shard: Shard;
  readonly optimizer: Optimizer;
  readonly clipNorm: number | undefined;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
  /** A chunk has new weights, which took so many milliseconds. */
  applied(snapshot: Snapshot, ms: number): void;
  stepApplied(): void;
  /** This shard lacks gradients that have been computed. */
  lost(): void;
  failed(error: unknown): void;
}

type Reply = readonly number[];

const PAUSE_MS = 200;

/** Whether the updates of a job are such. */
export function isNormed(optimizer: Optimizer, clipNorm: number | undefined): boolean {
  return optimizer.direct !== undefined || clipNorm !== undefined;
}

export class NormedUpdate {
  readonly #parts: NormedUpdateParts;
  readonly #rounds: number;
  /** Only on shard 0. */
  readonly #norms: Norms | undefined;
  /** To shard 0, on the others. */
  readonly #lead: Client<typeof NormsDefinition> | undefined;
  /** The step at work, if one is. */
  #version = -1;
  #asking = false;

  constructor(parts: NormedUpdateParts) {
    this.#parts = parts;
    const { task, host, shard, optimizer, clipNorm, telemetry, signal } = parts;
    this.#rounds = (clipNorm === undefined ? 0 : 1) + (optimizer.direct ? 1 : 0);
    if (host.shard === 0) {
      const norms = new Norms(host.shards, this.#rounds, shard.step);
      this.#norms = norms;
      signal.addEventListener("abort", () => norms.close(notHosted(task.job, task.generation, 0)));
    } else {
      const lead = createClient(NormsDefinition, host.lead, { telemetry });
      this.#lead = lead;
      signal.addEventListener("abort", () => lead.close());
    }
  }

  /** Begins where all sums of the shard's step are in, and no earlier call has. */
  begin(): void {
    const { shard, signal, failed } = this.#parts;
    const sums = shard.held();
    if (!sums || this.#version === shard.step) return;
    this.#version = shard.step;
    this.#update(sums).catch((error: unknown) => {
      if (!signal.aborted) failed(error);
    });
  }

  /** Another shard's squares, answered with those of all. */
  add(share: Share): Promise<Reply> {
    if (!this.#norms) throw malformed("squares came to another shard, wanted at shard 0");
    return this.#norms.add(share);
  }

  /** Steps of which this shard has all gradients. */
  summed(): number {
    const { shard } = this.#parts;
    return shard.step + (shard.held() ? 1 : 0);
  }

  /**
   * Finds out whether this shard lacks what shard 0 has. No trainer can tell it to, as no version goes
   * out before all shards have their sums.
   */
  compare(): void {
    const { task, shard, signal, lost } = this.#parts;
    if (!this.#lead || this.#asking || shard.held()) return;
    this.#asking = true;
    const { job, generation } = task;
    this.#lead
      .getSummed({ job, generation }, { signal })
      .then(({ steps }) => {
        if (!signal.aborted && steps > shard.step && !shard.held()) lost();
      })
      // A lead that does not answer is asked again.
      .catch(() => undefined)
      .finally(() => {
        this.#asking = false;
      });
  }

  async #update(sums: readonly Sum[]): Promise<void> {
    const { shard, signal, optimizer, applied, stepApplied } = this.#parts;
    const samples = sums[0]?.samples ?? 0;
    const divisor = await this.#clip(sums, samples);
    const lengths = optimizer.direct ? await this.#direct(sums, divisor) : undefined;
    // A chunk at a time, so that others have their turn.
    for (const [index, sum] of sums.entries()) {
      if (signal.aborted) return;
      const began = performance.now();
      const snapshot = shard.applyHeld(index, (range, _, scalars) => {
        if (!lengths) return optimizer.update(range, divisor, scalars);
        for (const piece of this.#pieces(sum)) {
          const squares = {
            weights: lengths[2 * piece.tensor] ?? Number.NaN,
            direction: lengths[2 * piece.tensor + 1] ?? Number.NaN,
          };
          optimizer.update(piece.range, divisor, scalars, squares);
        }
      });
      applied(snapshot, performance.now() - began);
      if (index < sums.length - 1) await breath();
    }
    stepApplied();
  }

  /** What takes the place of the number of samples. */
  async #clip(sums: readonly Sum[], samples: number): Promise<number> {
    const { clipNorm } = this.#parts;
    if (clipNorm === undefined) return samples;
    let squares = ExactSquares.none;
    for (const { range } of sums) {
      squares = squares.plus(ExactSquares.of(range.gradient));
      await breath();
    }
    const [total = Number.NaN] = await this.#exchange(0, [squares]);
    return clippedDivisor(samples, total, clipNorm);
  }

  /** Squares of every tensor's weights and direction, one behind the other. */
  async #direct(sums: readonly Sum[], divisor: number): Promise<Reply> {
    const { host, optimizer, shard } = this.#parts;
    const tensors = host.prepared?.parameters.length ?? 0;
    const squares = Array.from({ length: 2 * tensors }, () => ExactSquares.none);
    const add = (at: number, values: Float32Array) => {
      squares[at] = (squares[at] ?? ExactSquares.none).plus(ExactSquares.of(values));
    };
    for (const sum of sums) {
      optimizer.direct?.(sum.range, divisor, shard.scalars);
      for (const { tensor, range } of this.#pieces(sum)) {
        add(2 * tensor, range.weights);
        add(2 * tensor + 1, range.gradient);
      }
      await breath();
    }
    return this.#exchange(this.#rounds - 1, squares);
  }

  #pieces({ from, range }: Sum): TensorPiece[] {
    const { host } = this.#parts;
    return piecesOf(range, from, host);
  }

  async #exchange(round: number, exact: readonly ExactSquares[]): Promise<Reply> {
    const { task, host, telemetry, signal } = this.#parts;
    const { job, generation } = task;
    const squares = exact.map((sum) => sum.text());
    const share = { shard: host.shard, version: this.#version, round, squares };
    if (this.#norms) return this.#norms.add(share);
    for (;;) {
      try {
        const reply = await this.#lead?.addSquares({ job, generation, ...share }, { signal });
        return reply?.squares ?? [];
      } catch (error) {
        if (signal.aborted) throw error;
        telemetry.log.debug("the lead does not answer", { error: String(error) });
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
  }
}
