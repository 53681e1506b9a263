/** What bodies hold is given back, whenever their exchange ends. */
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { BodyBudget, BodyReader } from "./body.ts";

const limits = { limit: () => undefined, most: 1000 };

function upload(headers: IncomingMessage["headers"]) {
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers }) as unknown as IncomingMessage;
  const budget = new BodyBudget(10_000);
  return { stream, budget, reader: new BodyReader(request, budget) };
}

test("a body counts until its exchange is over", async () => {
  const { stream, budget, reader } = upload({ "content-length": "500" });
  stream.end(Buffer.alloc(500));
  await reader.read(limits, () => {});
  expect(budget.held).toBe(500);
  reader.done();
  expect(budget.held).toBe(0);
});

test("what is unpacked after the exchange is over does not count", async () => {
  const packed = gzipSync(Buffer.alloc(1000));
  const { stream, budget, reader } = upload({
    "content-length": String(packed.length),
    "content-encoding": "gzip",
  });
  const reading = reader.read(limits, () => {});
  stream.end(packed);
  await expect.poll(() => budget.held, { interval: 0 }).toBe(packed.length);
  reader.done();
  await expect(reading).rejects.toMatchObject({ code: "cancelled" });
  expect(budget.held).toBe(0);
});

test("nor does what still comes", async () => {
  const { stream, budget, reader } = upload({ "content-length": "500" });
  const reading = reader.read(limits, () => {});
  reader.done();
  stream.write(Buffer.alloc(100));
  await expect(reading).rejects.toMatchObject({ code: "cancelled" });
  expect(budget.held).toBe(0);
});
