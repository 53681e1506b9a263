/** What a job in training tells of itself, besides its result: where the time of its steps goes. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;

let story: Story;

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

test("the time of a step is told by what it goes into", { timeout }, async () => {
  const { id } = await story.submit(shortDigits({ training: { epochs: 1 } }));
  const { job } = await story.follow(id);
  const { stepTime, samplesPerSecond = 0 } = job.progress ?? {};
  const parts = Object.entries(stepTime ?? {});
  expect(parts.map(([name]) => name)).toEqual([
    ...["data", "compute", "reduce", "exchange", "apply", "wait"],
  ]);
  for (const [name, seconds] of parts) expect(seconds, name).toBeGreaterThan(0);
  const step = parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  // Both are means over the same steps, one of times and one of rates: the first is not the smaller.
  expect(step).toBeGreaterThan((0.5 * 64) / samplesPerSecond);
});
