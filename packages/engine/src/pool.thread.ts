/** A thread of a pool: sessions by number, and runs that may be cancelled until they begin. */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import { serveThread } from "./serve-thread.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import type { Feeds, ValueSpec } from "./signature.ts";

export interface PoolThread {
  open(session: number, model: Uint8Array, options: SessionOptions): SessionSignature;
  /** The outputs, or undefined if the flag was raised before the run began. */
  run(
    session: number,
    feeds: Feeds,
    cancelled: CancellationFlag,
  ): Record<string, Tensor> | undefined;
  release(session: number): void;
}

export interface SessionSignature {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

/** A word of shared memory that is 1 once nobody waits for the run any more. */
export interface CancellationFlag {
  readonly words: Int32Array;
  readonly index: number;
}

const sessions = new Map<number, Session>();

serveThread<PoolThread>({
  async open(number, model, options) {
    const session = await openSession(model, options);
    sessions.set(number, session);
    return { inputs: session.inputs, outputs: session.outputs };
  },

  async run(number, feeds, { words, index }) {
    if (Atomics.load(words, index) === 1) return undefined;
    const session = sessions.get(number);
    if (!session) throw new DomainError("internal", `the thread has no session ${number}`);
    const outputs = await session.run(feeds);
    return giveAway(outputs, ownedMemory(outputs));
  },

  async release(number) {
    await sessions.get(number)?.release();
    sessions.delete(number);
  },
});
