/** What waits to be sent to one worker. Holds on to the weights in it until they have been sent. */
import type { ExchangeResponse } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { Channel } from "@amaas/rpc";
import { Snapshot } from "./snapshot.ts";

export class Outbox extends Channel<ExchangeResponse> {
  #leaving: ExchangeResponse | undefined;

  override push(response: ExchangeResponse): void {
    if (!this.ended) snapshotOf(response)?.hold();
    super.push(response);
  }

  /** Asked for the next response once the one before has been copied to where it leaves from. */
  override async next(): Promise<IteratorResult<ExchangeResponse, undefined>> {
    snapshotOf(this.#leaving)?.letGo();
    this.#leaving = undefined;
    const result = await super.next();
    this.#leaving = result.value;
    return result;
  }
}

function snapshotOf(response: ExchangeResponse | undefined): Snapshot | undefined {
  const { message } = response ?? {};
  const isOne = message?.$case === "weights" || message?.$case === "averages";
  return isOne && message.value instanceof Snapshot ? message.value : undefined;
}
