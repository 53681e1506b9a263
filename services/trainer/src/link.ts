/**
 * A trainer's stream to one parameter-server shard, for as long as the task lasts.
 *
 * A stream that breaks is opened again, and the trainer joins anew; what was under way on the old
 * one is lost, which the shard finds out by itself. A stream that the shard ends in good order is
 * opened again as well, but slowly: the placement is over, and the scheduler will say what follows.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "@amaas/errors";
import {
  type ExchangeRequest,
  type ExchangeResponse,
  type Join,
  ParameterServerDefinition,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { createClient } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";
import { type GradientBuffers, Requests } from "./requests.ts";

export interface LinkOptions {
  readonly address: string;
  readonly join: Join;
  readonly telemetry: Telemetry;
  /** Where gradients go when they have been sent. */
  readonly buffers: GradientBuffers;
  joined(): void;
  received(message: ExchangeResponse): void;
  /** No stream has lasted for a while, and this is why the newest one did not; told once. */
  lost(problem: unknown): void;
}

/** How long a shard may take to end its side of a stream that is closed. */
const PARTING_MS = 2_000;
/** Gradients waiting to be sent: eight megabytes at most, which a processor's cache still holds. */
const MOST_WAITING = 16;
const LONGEST_PAUSE_MS = 1_000;
/** A stream that lasts this long is a good one, and without one for so long the job should say so. */
const STEADY_MS = 10_000;

export class Link {
  readonly #options: LinkOptions;
  /** No stream is opened any more. */
  readonly #closing = new AbortController();
  /** The stream that is open is cut. */
  readonly #stop = new AbortController();
  readonly #living: Promise<void>;
  #channel: Requests | undefined;
  /** When a good stream was last seen to end. */
  #steadyAt = performance.now();
  #told = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#living = this.#live();
  }

  /** Sends where the stream is up; what cannot be sent now will be asked for again. */
  send(request: ExchangeRequest): void {
    this.#channel?.push(request);
  }

  /** Resolves when little enough waits to be sent, or nothing can be. */
  async room(): Promise<void> {
    await this.#channel?.drained(MOST_WAITING);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#channel?.end();
    const impatience = setTimeout(() => this.#stop.abort(), PARTING_MS);
    await this.#living;
    clearTimeout(impatience);
  }

  async #live(): Promise<void> {
    const { address, telemetry, join, buffers } = this.#options;
    const client = createClient(ParameterServerDefinition, address, { telemetry });
    const { signal: closing } = this.#closing;
    const { signal } = this.#stop;
    let failures = 0;
    while (!closing.aborted) {
      const channel = new Requests(buffers);
      channel.push({ message: { $case: "join", value: join } });
      this.#channel = channel;
      this.#options.joined();
      let pause = LONGEST_PAUSE_MS;
      const openedAt = performance.now();
      try {
        for await (const message of client.exchange(channel, { signal })) {
          failures = 0;
          this.#options.received(message);
        }
      } catch (error) {
        if (closing.aborted) break;
        telemetry.log.debug("exchange broke", { server: address, problem: errorMessage(error) });
        this.#broke(error, openedAt);
        failures += 1;
        pause = Math.min(50 * 2 ** failures, LONGEST_PAUSE_MS);
      }
      this.#channel = undefined;
      await sleep(pause, undefined, { signal: closing }).catch(() => undefined);
    }
    client.close();
  }

  #broke(error: unknown, openedAt: number): void {
    const now = performance.now();
    if (now - openedAt > STEADY_MS) {
      this.#steadyAt = now;
      this.#told = false;
    } else if (!this.#told && now - this.#steadyAt > STEADY_MS) {
      this.#told = true;
      this.#options.lost(error);
    }
  }
}
