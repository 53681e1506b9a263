import { hashKey, uniform } from "@amaas/random";
import { expect, test } from "vitest";
import { sample } from "./sample.ts";

const p = [0.1, 0.6, 0, 0.3];

function shares(options: Parameters<typeof sample>[1]): readonly number[] {
  const key = hashKey("draws");
  const counts = [0, 0, 0, 0];
  const draws = 20_000;
  for (let at = 0; at < draws; at++) counts[sample(p, options, uniform(key, at))]!++;
  return counts.map((count) => count / draws);
}

test.each([
  [{ temperature: 1 }, [0.1, 0.6, 0, 0.3]],
  [{ temperature: 0.5 }, [0.01 / 0.46, 0.36 / 0.46, 0, 0.09 / 0.46]],
  [{ temperature: 1, topK: 2 }, [0, 2 / 3, 0, 1 / 3]],
  [{ temperature: 0 }, [0, 1, 0, 0]],
  [{ temperature: 1e-3 }, [0, 1, 0, 0]],
])("%j draws in these proportions", (options, wanted) => {
  for (const [index, share] of shares(options).entries())
    expect(share).toBeCloseTo(wanted[index]!, 1.8);
});

test("the ends of the range are drawn from too", () => {
  expect(sample(p, { temperature: 1 }, 0)).toBe(1);
  expect(sample(p, { temperature: 1 }, 1 - 2 ** -53)).toBe(0);
});
