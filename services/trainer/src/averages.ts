/**
 * Averaged weights, which evaluations are of in a job that has them: asked of the servers when an
 * evaluation is to begin, and again where the answer may have got lost.
 */
import type {
  ExchangeRequest,
  Weights,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { release } from "@amaas/rpc";
import type { WeightBuffers } from "./weight-buffers.ts";

export class Averages {
  readonly buffers: WeightBuffers;
  readonly #ask: (question: ExchangeRequest["message"]) => void;
  #asked = -1;

  constructor(buffers: WeightBuffers, ask: (question: ExchangeRequest["message"]) => void) {
    this.buffers = buffers;
    this.#ask = ask;
  }

  take(shard: number, averages: Weights): void {
    this.buffers.put(shard, averages);
    release(averages.values);
  }

  /** Whether those of this version are here whole; asks for them where they are not. */
  ready(version: number): boolean {
    if (this.buffers.version === version) return true;
    if (this.#asked !== version) {
      this.#asked = version;
      this.#ask({ $case: "averages", value: { version } });
    }
    return false;
  }

  /** A server was joined anew: what it was asked may not have reached it. */
  forgetAsked(): void {
    this.#asked = -1;
  }
}
