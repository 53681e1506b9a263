import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { eachLine } from "./lines.ts";

async function linesOf(chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once("end", resolve));
  return lines;
}

test("lines are put together however the writes were split", async () => {
  expect(await linesOf(["one\ntw", "o\r\n\nthr", "ee"])).toEqual(["one", "two", "", "three"]);
});

test("a character split over two writes stays whole", async () => {
  const [first, second] = [Buffer.from("é").subarray(0, 1), Buffer.from("é\n").subarray(1)];
  expect(await linesOf([first, second])).toEqual(["é"]);
});

test("a line without end is cut", async () => {
  const lines = await linesOf(["x".repeat(150_000)]);
  expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 18_928]);
});
