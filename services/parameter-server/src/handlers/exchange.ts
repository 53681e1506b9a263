/**
 * ParameterServer.Exchange: one worker's stream to one shard.
 *
 * The first message joins; then gradients and sums come in while weights and orders go out. The
 * stream ends when the worker leaves, when the placement ends, or with the error of a message
 * that makes no sense.
 */
import type {
  ExchangeRequest,
  ExchangeResponse,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { release } from "@amaas/rpc";
import { malformed } from "../errors.ts";
import type { HostedShard } from "../hosted-shard.ts";
import type { Member } from "../members.ts";
import type { Shards } from "../shards.ts";

export function exchange(shards: Shards) {
  return async function* (
    requests: AsyncIterable<ExchangeRequest>,
  ): AsyncIterable<ExchangeResponse> {
    const incoming = requests[Symbol.asyncIterator]();
    const first = await incoming.next();
    if (first.done) return;
    if (first.value.message?.$case !== "join")
      throw malformed(
        `a stream began with ${first.value.message?.$case ?? "nothing"}, wanted join`,
      );
    const join = first.value.message.value;
    const shard = shards.get(join.job, join.generation, join.shard);
    const member = shard.join(join);
    const reading = read(incoming, shard, member);
    try {
      yield* member.channel;
    } finally {
      shard.leave(member);
      await incoming.return?.();
      await reading;
    }
  };
}

/** Ends the member's stream, with the error if there was one, when its messages end. */
async function read(
  incoming: AsyncIterator<ExchangeRequest>,
  shard: HostedShard,
  member: Member,
): Promise<void> {
  try {
    for (let next = await incoming.next(); !next.done; next = await incoming.next())
      handle(next.value, shard, member);
    member.channel.end();
  } catch (error) {
    shard.broke(error);
    member.channel.end(error instanceof Error ? error : new Error(String(error)));
  }
}

function handle({ message }: ExchangeRequest, shard: HostedShard, member: Member): void {
  if (message?.$case === "contribution") {
    shard.contribute(member, message.value);
    release(message.value.gradient);
  } else if (message?.$case === "sums") shard.sums(member, message.value);
  else if (message?.$case === "ahead") shard.ahead(member, message.value.version);
  else if (message?.$case === "averages") shard.averages(member, message.value);
  else if (message?.$case === "guidance") shard.close(message.value);
  else throw malformed(`a stream brought ${message?.$case ?? "nothing"}, wanted a contribution`);
}
