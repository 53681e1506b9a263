import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turnstile } from "./turnstile.ts";

test("one at a time, in the order they came", async () => {
  const turnstile = new Turnstile(1000);
  const seen: string[] = [];
  const pass = async (name: string) => {
    await turnstile.enter();
    seen.push(`${name} in`);
    await setTimeout(1);
    seen.push(`${name} out`);
    turnstile.leave();
  };
  await Promise.all(["a", "b", "c"].map(pass));
  expect(seen).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("who waits too long is turned away, and those behind still get in", async () => {
  const turnstile = new Turnstile(30);
  await turnstile.enter();
  const impatient = turnstile.enter();
  await setTimeout(20);
  const patient = turnstile.enter();
  await expect(impatient).rejects.toMatchObject({ code: "unavailable" });
  turnstile.leave();
  await patient;
  turnstile.leave();
  await turnstile.enter();
});
