import { expect, test } from "vitest";
import { Outbox } from "./outbox.ts";
import { Snapshot } from "./snapshot.ts";

function snapshot(version: number, freed: number[]): Snapshot {
  const of = { version, chunk: 0, squares: undefined };
  return new Snapshot(of, new Float32Array(2), () => freed.push(version));
}

const weights = (value: Snapshot) => ({ message: { $case: "weights" as const, value } });

test("a snapshot is freed when the shard is done with it and all who wait for it have been sent it", async () => {
  const freed: number[] = [];
  const [quick, slow] = [new Outbox(), new Outbox()];
  const first = snapshot(1, freed);
  for (const outbox of [quick, slow]) outbox.push(weights(first));
  first.letGo();
  await quick.next();
  await slow.next();
  expect(freed).toEqual([]);
  // Asked for more: what went before has left.
  void quick.next();
  expect(freed).toEqual([]);
  void slow.next();
  expect(freed).toEqual([1]);
});

test("a snapshot that the shard still keeps is not freed by having been sent", async () => {
  const freed: number[] = [];
  const outbox = new Outbox();
  const kept = snapshot(1, freed);
  outbox.push(weights(kept));
  await outbox.next();
  void outbox.next();
  expect(freed).toEqual([]);
  kept.letGo();
  expect(freed).toEqual([1]);
});

test("what an ended outbox drops is never taken for sent", async () => {
  const freed: number[] = [];
  const outbox = new Outbox();
  const waiting = snapshot(1, freed);
  outbox.push(weights(waiting));
  waiting.letGo();
  await outbox.return();
  outbox.push(weights(snapshot(2, freed)));
  await outbox.next();
  expect(freed).toEqual([]);
});
