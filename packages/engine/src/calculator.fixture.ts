/** A thread for the tests. */
import { setTimeout as sleep } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { DomainError } from "@amaas/errors";
import { giveAway } from "./give-away.ts";
import { serveThread } from "./serve-thread.ts";
import { openSession } from "./session.ts";

export interface Calculator {
  add(left: number, right: number): number;
  greeting(): unknown;
  increment(counter: Int32Array): void;
  wait(milliseconds: number, note: string): string;
  notes(): string[];
  floats(length: number): { values: Float32Array; left: number };
  refuse(): never;
  fail(): never;
  answerWithFunction(): unknown;
  crash(): void;
  leave(): void;
  run(model: Uint8Array): void;
}

const notes: string[] = [];
let given = new Float32Array(0);

serveThread<Calculator>({
  add: (left, right) => left + right,
  greeting: () => workerData,
  increment: (counter) => {
    Atomics.add(counter, 0, 1);
  },
  async wait(milliseconds, note) {
    await sleep(milliseconds);
    notes.push(note);
    return note;
  },
  notes: () => notes,
  floats(length) {
    const left = given.length;
    given = new Float32Array(length).fill(1);
    return giveAway({ values: given, left }, [given.buffer]);
  },
  refuse() {
    throw new DomainError("not-found", "no such sum", {
      violations: [{ field: "left", description: "is odd" }],
      retryAfterMs: 5,
      metadata: { revision: "3" },
    });
  },
  fail() {
    throw new TypeError("broken sum");
  },
  answerWithFunction: () => () => 1,
  crash() {
    setImmediate(() => {
      throw new Error("on fire");
    });
  },
  leave: () => process.exit(0),
  async run(model) {
    const session = await openSession(model);
    await session.run({ a: { type: "FP32", shape: [512, 512], data: new Float32Array(2 ** 18) } });
  },
});
