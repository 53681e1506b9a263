/** Messages out of chunks, however they are cut. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader, type FrameSink, partBytes } from "./frame-reader.ts";
import { Unfinished } from "./unfinished.ts";

interface Read {
  readonly messages: [text: string, compressed: boolean][];
  readonly refused: number[];
  readonly within: boolean;
}

function read(chunks: readonly Buffer[], limit = 1000): Read {
  const messages: Read["messages"] = [];
  const refused: number[] = [];
  const sink: FrameSink = {
    message: (message, compressed) => void messages.push([message.toString("hex"), compressed]),
    tooLarge: (bytes) => void refused.push(bytes),
    crowded() {},
  };
  const reader = new FrameReader(limit, new Unfinished(1e6), sink);
  for (const chunk of chunks) if (refused.length === 0) reader.push(chunk);
  return { messages, refused, within: reader.within };
}

function frame(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  const sorted = edges.toSorted((a, b) => a - b);
  return sorted.slice(1).map((edge, index) => bytes.subarray(sorted[index], edge));
}

test("whatever the chunks are, the messages are the same", () => {
  const message = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(500)), (sent, places) => {
      const bytes = Buffer.concat(sent.map(([each, compressed]) => frame(each, compressed)));
      expect(read(cut(bytes, places))).toEqual({
        messages: sent.map(([each, compressed]) => [Buffer.from(each).toString("hex"), compressed]),
        refused: [],
        within: false,
      });
    }),
  );
});

test("a message is its own memory, not a piece of the chunk", () => {
  const chunk = frame(Buffer.from("abc"));
  const got: Buffer[] = [];
  const reader = new FrameReader(10, new Unfinished(0), {
    message: (each) => void got.push(each),
    tooLarge() {},
    crowded() {},
  });
  reader.push(chunk);
  chunk.fill(0);
  expect(got.map(String)).toEqual(["abc"]);
});

test("what is too large is refused by its header, and nothing behind it is read", () => {
  const bytes = Buffer.concat([
    frame(Buffer.alloc(4)),
    frame(Buffer.alloc(11)),
    frame(Buffer.alloc(1)),
  ]);
  expect(read([bytes], 10)).toMatchObject({ messages: [["00000000", false]], refused: [11] });
  expect(read([Buffer.from("00ffffffff", "hex")])).toMatchObject({ refused: [2 ** 32 - 1] });
});

test("what is unfinished counts until it is whole or dropped, and has a limit over all readers", () => {
  const unfinished = new Unfinished(100 + 2 * partBytes);
  const crowded: string[] = [];
  const readerOf = (name: string) =>
    new FrameReader(1000, unfinished, {
      message() {},
      tooLarge() {},
      crowded: () => void crowded.push(name),
    });
  const bytes = frame(Buffer.alloc(90));
  const [one, other] = [readerOf("one"), readerOf("other")];
  one.push(bytes.subarray(0, 65));
  expect(unfinished.bytes).toBe(60 + partBytes);
  other.push(bytes.subarray(0, 45));
  expect({ crowded, bytes: unfinished.bytes }).toEqual({
    crowded: [],
    bytes: 100 + 2 * partBytes,
  });
  readerOf("third").push(bytes.subarray(0, 6));
  expect(crowded).toEqual(["third"]);
  one.push(bytes.subarray(65));
  expect(unfinished.bytes).toBe(40 + partBytes);
  other.drop();
  other.drop();
  expect(unfinished.bytes).toBe(0);
});

test("a message that drips in counts by what its parts take, not by their bytes", () => {
  const unfinished = new Unfinished(10 * (1 + partBytes));
  let crowded = 0;
  const reader = new FrameReader(1000, unfinished, {
    message() {},
    tooLarge() {},
    crowded: () => void crowded++,
  });
  reader.push(frame(Buffer.alloc(20)).subarray(0, 5));
  for (let byte = 0; byte < 10; byte++) reader.push(Buffer.alloc(1));
  expect(crowded).toBe(0);
  reader.push(Buffer.alloc(1));
  expect(crowded).toBe(1);
});

test("an end within a header or a message is known", () => {
  const bytes = frame(Buffer.alloc(3));
  for (let length = 1; length < bytes.length; length++)
    expect(read([bytes.subarray(0, length)]).within).toBe(true);
});
