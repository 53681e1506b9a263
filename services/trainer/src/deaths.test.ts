/** Processes that really are killed, started again the way a preparation is. */
import { callProcess } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import { persistently } from "@amaas/fleet";
import { expect, test, vi } from "vitest";
import { mortal } from "./deaths.ts";
import type { Killed } from "./killed.fixture.ts";

// Starting a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const url = new URL("./killed.fixture.ts", import.meta.url);
const away = new DomainError("unavailable", "the disk is full");

/** Killed or not by turns; an error stands for what goes wrong otherwise. */
async function live(...turns: (boolean | Error)[]) {
  const told: string[] = [];
  let started = 0;
  const work = mortal(async () => {
    const turn = turns[started++] ?? false;
    if (turn instanceof Error) throw turn;
    const options = { name: "prepare", heapMiB: 64 };
    return callProcess<Killed, "work">(url, options, "work", turn);
  }, 64);
  const { signal } = new AbortController();
  const onProblem = ({ message }: Error) => told.push(message);
  const outcome = await persistently(work, { signal, onProblem, pauseMs: 5 }).catch(
    (error: unknown) => error,
  );
  return { outcome, told, started };
}

test("one that is killed is started again", async () => {
  const { outcome, told, started } = await live(true, true, away, true, true, false);
  expect(outcome).toBe("done");
  expect(started).toBe(6);
  expect(told).toEqual([
    "process prepare was killed",
    "the disk is full",
    "process prepare was killed",
  ]);
});

test("one that is killed three times in a row is not, and says what to do", async () => {
  const { outcome, started } = await live(away, true, true, true, false);
  expect(started).toBe(4);
  expect(outcome).toMatchObject({
    code: "resource-exhausted",
    message: expect.stringMatching(
      /killed 3 times in a row.*64 MiB for its objects.*give trainers more memory, or the job less data/,
    ),
  });
});
