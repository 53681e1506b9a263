import { expect, test } from "vitest";
import { OnceMore } from "./once-more.ts";

test("what is asked for while it is done is done once more, not once for each", async () => {
  let begun = 0;
  const gates: (() => void)[] = [];
  const work = new OnceMore(() => {
    begun++;
    return new Promise((resolve) => gates.push(resolve));
  });
  work.ask();
  for (let asked = 0; asked < 5; asked++) work.ask();
  expect(begun).toBe(1);
  gates.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toBe(2);
  gates.shift()?.();
  await work.settled();
  expect(begun).toBe(2);
});
