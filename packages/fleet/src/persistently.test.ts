import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { persistently } from "./persistently.ts";

const away = () => new DomainError("unavailable", "the disk is full");

function attempts(...outcomes: (Error | string)[]) {
  const told: string[] = [];
  const stop = new AbortController();
  const work = async () => {
    const outcome = outcomes.shift() ?? "done";
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const onProblem = ({ message }: Error) => told.push(message);
  const running = persistently(work, { signal: stop.signal, onProblem, pauseMs: 5 });
  return { running, told, stop };
}

test("what is away is asked again until it is back, and its problem told once", async () => {
  const gone = new DomainError("unavailable", "the disk is gone");
  const { running, told } = attempts(away(), away(), gone, away(), "done");
  expect(await running).toBe("done");
  expect(told).toEqual(["the disk is full", "the disk is gone", "the disk is full"]);
});

test("what will not change is thrown at once", async () => {
  const { running, told } = attempts(new DomainError("data-loss", "a blob is damaged"));
  await expect(running).rejects.toMatchObject({ code: "data-loss" });
  expect(told).toEqual([]);
});

test("a task that stops waits no longer", async () => {
  const { running, stop } = attempts(...Array.from({ length: 1_000 }, away));
  setTimeout(() => stop.abort(), 20);
  await expect(running).rejects.toMatchObject({ code: "unavailable" });
});
