/**
 * The workers that have joined a shard: their streams, and what each has been ordered to compute.
 *
 * A worker that lets the others wait is late: it is given nothing until it is heard of again. One
 * that reads too slowly is cut off, so that its queue cannot grow without bound.
 */
import type {
  ExchangeResponse,
  Guidance,
  Orders,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { malformed, tooSlow } from "./errors.ts";
import { divide } from "./orders.ts";
import { Outbox } from "./outbox.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Member {
  readonly worker: string;
  readonly threads: number;
  readonly channel: Outbox;
  /** Leaves of the current pass that it was ordered to compute and has not delivered. */
  readonly outstanding: Set<number>;
  late: boolean;
}

const LONGEST_NAME = 128;
const MOST_THREADS = 4_096;

/** @throws DomainError where no worker is called so, or has so many threads. */
export function newMember(worker: string, threads: number): Member {
  if (worker === "" || worker.length > LONGEST_NAME || threads > MOST_THREADS)
    throw malformed(`a worker with a name of ${worker.length} and ${threads} threads joined`);
  const channel = new Outbox();
  return { worker, threads: Math.max(1, threads), channel, outstanding: new Set(), late: false };
}

export class Members {
  readonly #members = new Map<string, Member>();
  readonly #queueLimit: number;

  constructor(chunks: number) {
    this.#queueLimit = 8 * chunks + 64;
  }

  get size(): number {
    return this.#members.size;
  }

  all(): Member[] {
    return [...this.#members.values()];
  }

  /** Those to count on. */
  prompt(): Member[] {
    return this.all().filter(({ late, channel }) => !late && !channel.ended);
  }

  /** Who is to compute: the prompt ones, or whoever there is. */
  hands(): Member[] {
    const prompt = this.prompt();
    return prompt.length > 0 ? prompt : this.all();
  }

  idle(): Member[] {
    return this.prompt().filter(({ outstanding }) => outstanding.size === 0);
  }

  cutOff(): Member[] {
    return this.all().filter(({ channel }) => channel.ended);
  }

  /** Whether somebody to count on has been ordered to compute this leaf. */
  computes(leaf: number): boolean {
    return this.prompt().some(({ outstanding }) => outstanding.has(leaf));
  }

  /** A worker that joins again replaces its earlier stream. */
  join(member: Member, snapshots: readonly Snapshot[]): void {
    this.#members.get(member.worker)?.channel.end();
    this.#members.set(member.worker, member);
    for (const snapshot of snapshots) member.channel.push(weights(snapshot));
  }

  /** True where this very member was still in. */
  leave(member: Member): boolean {
    if (this.#members.get(member.worker) !== member) return false;
    return this.#members.delete(member.worker);
  }

  broadcast(snapshot: Snapshot): void {
    const message = weights(snapshot);
    for (const member of this.#members.values()) this.#push(member, message);
  }

  /** Lets go of what it was handed. */
  average(member: Member, averages: readonly Snapshot[]): void {
    for (const snapshot of averages) {
      this.#push(member, { message: { $case: "averages", value: snapshot } });
      snapshot.letGo();
    }
  }

  guide(guidance: Guidance, members: readonly Member[]): void {
    const message: ExchangeResponse = { message: { $case: "guidance", value: guidance } };
    for (const member of members) this.#push(member, message);
  }

  /** Shares the leaves out among these members; answers how many were ordered. */
  order(
    pass: Orders["pass"],
    version: number,
    leaves: readonly number[],
    among: readonly Member[],
  ): number {
    let ordered = 0;
    for (const [worker, share] of divide(leaves, among)) {
      const member = this.#members.get(worker);
      if (!member) continue;
      for (const leaf of share) member.outstanding.add(leaf);
      ordered += share.length;
      this.#push(member, {
        message: { $case: "orders", value: { pass, version, leaves: share } },
      });
    }
    return ordered;
  }

  clearOutstanding(): void {
    for (const member of this.#members.values()) member.outstanding.clear();
  }

  /** The placement is over: the streams end in good order. */
  close(): void {
    for (const member of this.#members.values()) member.channel.end();
    this.#members.clear();
  }

  #push(member: Member, message: ExchangeResponse): void {
    if (member.channel.size > this.#queueLimit) member.channel.end(tooSlow(member.worker));
    else member.channel.push(message);
  }
}

function weights(snapshot: Snapshot): ExchangeResponse {
  return { message: { $case: "weights", value: snapshot } };
}
