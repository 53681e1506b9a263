import fc from "fast-check";
import { expect, test } from "vitest";
import { InOrder } from "./in-order.ts";

interface Answer {
  readonly of: number;
}

async function all(answers: AsyncIterable<Answer>): Promise<number[]> {
  const read: number[] = [];
  for await (const { of } of answers) read.push(of);
  return read;
}

test("answers come in the order of the questions, whatever the order they are found in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(
        Array.from({ length: 2500 }, (_, index) => index),
        { minLength: 2500 },
      ),
      async (order) => {
        const answers = new InOrder<Answer>({ turns: 5000, weight: 1 });
        const reading = all(answers);
        const give = order.map(() => answers.take(0));
        for (const of of order) give[of]!({ of });
        await answers.answered();
        answers.end();
        expect(await reading).toEqual(order.toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 10 },
  );
});

test("there is room for so many, and again when the first has been read", async () => {
  const answers = new InOrder<Answer>({ turns: 2, weight: 100 });
  const first = answers.take(1);
  const second = answers.take(1);
  expect(answers.open).toBe(false);
  let room = false;
  const waiting = answers.room().then(() => {
    room = true;
  });
  second({ of: 2 });
  first({ of: 1 });
  await Promise.resolve();
  expect([answers.open, room]).toEqual([false, false]);
  await answers.next();
  await waiting;
  expect(answers.open).toBe(true);
});

test("there is room for so much, but always for one", async () => {
  const answers = new InOrder<Answer>({ turns: 10, weight: 100 });
  expect(answers.open).toBe(true);
  const give = answers.take(1000);
  expect(answers.open).toBe(false);
  const reading = answers.next();
  give({ of: 1 });
  await reading;
  expect(answers.open).toBe(true);
});

test.each(["room", "answered"] as const)("nobody waits for %s once it has ended", async (what) => {
  const answers = new InOrder<Answer>({ turns: 1, weight: 100 });
  const give = answers.take(1);
  const waiting = answers[what]();
  await answers.return();
  await waiting;
  give({ of: 1 });
  expect(await answers.next()).toEqual({ done: true, value: undefined });
});

test("an error in the place of an answer is the end, when its turn has come", async () => {
  const answers = new InOrder<Answer>({ turns: 10, weight: 100 });
  const [first, second, third] = [answers.take(1), answers.take(1), answers.take(1)];
  third({ of: 3 });
  second(new Error("the second"));
  expect(answers.ended).toBe(false);
  first({ of: 1 });
  expect(answers.ended).toBe(true);
  expect(await answers.next()).toEqual({ done: false, value: { of: 1 } });
  await expect(answers.next()).rejects.toThrow("the second");
});
