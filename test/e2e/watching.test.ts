/**
 * What a job in training tells of itself, besides its result: where the time of its steps goes, and
 * the figures of each step, which are a function of the spec as the loss is.
 */
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

/** The figures of every step, by name, as a watcher puts them together. */
async function seriesOf(id: string): Promise<Record<string, number[]>> {
  const series: Record<string, number[]> = {};
  for await (const update of story.client.jobs.watch(id))
    for (const { name, firstStep, values } of update.series) {
      const known = series[name] ?? [];
      series[name] = known;
      values.forEach((value, at) => {
        known[firstStep + at] = value;
      });
    }
  return series;
}

test("norms and learning rates of every step, whatever the number of servers", {
  timeout,
}, async () => {
  const schedule = { type: "exponential", factor: 0.5 };
  const run = async (resources: { workers: number; servers: number }) => {
    const { id } = await story.submit(shortDigits({ training: { schedule }, resources }));
    return { id, series: await seriesOf(id) };
  };
  const two = await run({ workers: 2, servers: 2 });
  const { learningRate = [], gradientNorm = [], weightNorm = [], updateRatio = [] } = two.series;
  const names = ["gradientNorm", "learningRate", "updateRatio", "weightNorm"];
  expect(Object.keys(two.series).sort()).toEqual(names);
  for (const figures of [learningRate, gradientNorm, weightNorm, updateRatio]) {
    // The last step's norms come with the evaluations.
    expect(figures).toHaveLength(250);
    expect(figures.every((figure) => figure > 0)).toBe(true);
  }
  expect(learningRate[125]).toBe((learningRate[0] ?? 0) / 2);
  expect(weightNorm[249]).not.toBe(weightNorm[0]);

  // Again, after the job, from the database.
  expect(await seriesOf(two.id)).toEqual(two.series);
  const { progress } = await story.client.jobs.get(two.id);
  expect(progress).toMatchObject({ gradientNorm: gradientNorm[249], weightNorm: weightNorm[249] });

  const one = await run({ workers: 1, servers: 1 });
  for (const name of names)
    for (const [step, figure] of (one.series[name] ?? []).entries())
      expect((two.series[name]?.[step] ?? 0) / figure, `${name} ${step}`).toBeCloseTo(1, 9);
});
