import { ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { RequestKey } from "./request-key.ts";
import { ResponseCache } from "./response-cache.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Hashes that collide a lot. */
function keyOf(input: string): RequestKey {
  const parts = [Buffer.from(input)];
  return { hash: input.length % 2, head: "head", parts, bytes: parts[0]!.byteLength };
}

const answerTo = (input: string) =>
  ModelInferResponse.create({ modelName: input, rawOutputContents: [Buffer.from(`to ${input}`)] });

test("what is found is the answer to the same bytes, never that of another with its hash", () => {
  const input = fc.string({ maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), input)), (steps) => {
      const cache = new ResponseCache({ bytes: 8_000 });
      const part = cache.open(Number.POSITIVE_INFINITY);
      for (const [keeps, of] of steps) {
        if (keeps) part.keep(keyOf(of), answerTo(of));
        else expect([undefined, of]).toContain(part.find(keyOf(of))?.modelName);
        expect(cache.bytes).toBeLessThanOrEqual(8_000);
      }
      part.close();
      expect(cache.bytes).toBe(0);
    }),
  );
});

test("what was not asked for longest gives way, over all versions; what is too large is not kept", () => {
  const cache = new ResponseCache({ bytes: 4 * 1100 });
  const [one, other] = [cache.open(Number.POSITIVE_INFINITY), cache.open(Number.POSITIVE_INFINITY)];
  one.keep(keyOf("a"), answerTo("a"));
  for (const input of ["bb", "ccc"]) other.keep(keyOf(input), answerTo(input));
  one.keep(keyOf("dddd"), answerTo("dddd"));
  expect(one.find(keyOf("a"))).toBeDefined();
  one.keep(keyOf("eeeee"), answerTo("eeeee"));
  expect(other.find(keyOf("bb"))).toBeUndefined();
  for (const input of ["a", "dddd", "eeeee"]) expect(one.find(keyOf(input))).toBeDefined();
  one.keep(keyOf("x".repeat(5000)), answerTo("a"));
  expect(one.find(keyOf("x".repeat(5000)))).toBeUndefined();
  expect(other.find(keyOf("ccc"))).toBeDefined();
});

test("a version takes its answers along, and keeps none afterwards", () => {
  const cache = new ResponseCache({ bytes: 1e6 });
  const [one, other] = [cache.open(Number.POSITIVE_INFINITY), cache.open(Number.POSITIVE_INFINITY)];
  for (const part of [one, other]) part.keep(keyOf("a"), answerTo("a"));
  const both = cache.bytes;
  one.close();
  one.keep(keyOf("a"), answerTo("a"));
  expect(cache.bytes).toBe(both / 2);
  expect(one.find(keyOf("a"))).toBeUndefined();
  expect(other.find(keyOf("a"))).toBeDefined();
});

test("an answer holds for as long as the model says", () => {
  vi.useFakeTimers();
  const cache = new ResponseCache({ bytes: 1e6 });
  const part = cache.open(1000);
  part.keep(keyOf("a"), answerTo("a"));
  vi.advanceTimersByTime(999);
  expect(part.find(keyOf("a"))).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(part.find(keyOf("a"))).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test("the memory of requests and answers is their own", () => {
  const cache = new ResponseCache({ bytes: 1e6 });
  const part = cache.open(Number.POSITIVE_INFINITY);
  const [message, batch] = [Buffer.from("ab"), Buffer.from("answer")];
  part.keep(
    { hash: 0, head: "", parts: [message], bytes: 2 },
    ModelInferResponse.create({ rawOutputContents: [batch] }),
  );
  batch.fill(0);
  message.fill(0);
  const found = part.find({ hash: 0, head: "", parts: [Buffer.from("ab")], bytes: 2 });
  expect(Buffer.from(found!.rawOutputContents[0]!).toString()).toBe("answer");
});

test("requests that collide on purpose crowd each other out, nobody else", () => {
  const cache = new ResponseCache({ bytes: 1e6 });
  const part = cache.open(Number.POSITIVE_INFINITY);
  part.keep(keyOf("odd"), answerTo("odd"));
  for (let at = 10; at < 99; at++) part.keep(keyOf(`${at}`), answerTo(`${at}`));
  expect(part.find(keyOf("98"))).toBeDefined();
  expect(part.find(keyOf("90"))).toBeUndefined();
  expect(part.find(keyOf("odd"))).toBeDefined();
});
