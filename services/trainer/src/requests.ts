/**
 * What waits to be sent to a server. Gradients are in buffers that are used again as soon as they
 * have left, so that a step in its stride allocates none.
 */
import type { ExchangeRequest } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { Channel } from "@amaas/rpc";

export class GradientBuffers {
  /** Not in use, by size. */
  readonly #idle = new Map<number, Uint8Array[]>();

  /** A copy of these bytes. */
  take(bytes: Uint8Array): Uint8Array {
    const buffer = this.#idle.get(bytes.byteLength)?.pop() ?? new Uint8Array(bytes.byteLength);
    buffer.set(bytes);
    return buffer;
  }

  give(buffer: Uint8Array): void {
    const idle = this.#idle.get(buffer.byteLength);
    if (idle) idle.push(buffer);
    else this.#idle.set(buffer.byteLength, [buffer]);
  }
}

export class Requests extends Channel<ExchangeRequest> {
  readonly #buffers: GradientBuffers;
  #leaving: ExchangeRequest | undefined;

  /** Where the gradients' buffers go when they have left. */
  constructor(buffers: GradientBuffers) {
    super();
    this.#buffers = buffers;
  }

  /** Asked for the next request once the one before has been copied to where it leaves from. */
  override async next(): Promise<IteratorResult<ExchangeRequest, undefined>> {
    const { message } = this.#leaving ?? {};
    if (message?.$case === "contribution") this.#buffers.give(message.value.gradient);
    this.#leaving = undefined;
    const result = await super.next();
    this.#leaving = result.value;
    return result;
  }
}
