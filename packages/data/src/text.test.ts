/** Text as windows of tokens: what they are, where they go, which ids they get. */
import { openSession } from "@amaas/engine";
import { evaluate, writeModel } from "@amaas/graph";
import type { TextSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitFeatures, readDataset, splitRows, tokenize, untokenize } from "./index.ts";

const spec: TextSpec = {
  format: "text",
  file: "a.txt",
  tokens: "characters",
  vocabulary: 256,
  context: 4,
};
const split = { training: 0.6, validation: 0.2, test: 0.2, stratify: false, seed: 0 };

const read = (text: string | Uint8Array, change: Partial<TextSpec> = {}) =>
  readDataset({ ...spec, ...change }, "language-modeling", async () =>
    typeof text === "string" ? new TextEncoder().encode(text) : text,
  );

describe("tokens", () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text);

  test.each(["characters", "bytes", "words"] as const)("of %s make the text again", (kind) => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
        (text) => {
          expect(untokenize([...tokenize(bytesOf(text), kind, "f")], kind)).toBe(text);
        },
      ),
    );
  });

  test("words have the space in front of them", () => {
    const words = [...tokenize(bytesOf("It's 12 o’clock,  day\n"), "words", "f")];
    expect(words).toEqual(["It's", " 12", " o’clock", ",", " ", " day", "\n"]);
  });

  test("of bytes need no UTF-8, others do", async () => {
    const bytes = Uint8Array.of(255, 0, 65, 66, 67, 68);
    const dataset = await read(bytes, { tokens: "bytes" });
    expect(dataset.tensors(Uint32Array.of(0)).tokens?.data).toEqual(["ÿ", "\0", "A", "B", "C"]);
    await expect(read(bytes)).rejects.toThrow("data.file: the file is no UTF-8");
  });
});

describe("windows", () => {
  test("begin a stride after each other and have one token more than the network sees", async () => {
    const { rows, tensors } = await read("abcdefghijk", { stride: 3 });
    expect(rows).toBe(3);
    expect(tensors(Uint32Array.of(2, 0)).tokens).toEqual(
      tensor("BYTES", [2, 5], [..."ghijkabcde"]),
    );
  });

  test("no part of a split has a token of another, and little is left out", async () => {
    const lengths = fc.record({
      length: fc.integer({ min: 120, max: 400 }),
      context: fc.integer({ min: 1, max: 6 }),
      stride: fc.integer({ min: 1, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(lengths, async ({ length, context, stride }) => {
        const text = Array.from({ length }, (_, at) => String.fromCodePoint(256 + at)).join("");
        const dataset = await read(text, { context, stride });
        const parts = splitRows({
          rows: dataset.rows,
          split,
          labels: dataset.labels,
          ...dataset.keys,
        });
        const seen = [parts.training, parts.validation, parts.test].map(
          (rows) => new Set(dataset.tensors(rows).tokens?.data as string[]),
        );
        const all = seen.flatMap((tokens) => [...tokens]);
        expect(new Set(all).size).toBe(all.length);
        const rows = parts.training.length + parts.validation.length + parts.test.length;
        expect(dataset.rows - rows).toBeLessThanOrEqual(2 * Math.ceil((context + 1) / stride));
        expect(Math.max(...parts.training)).toBeLessThan(Math.min(...parts.test));
      }),
    );
  });

  test("are refused where the text is shorter than one", async () => {
    await expect(read("abcd")).rejects.toThrow("data.file: found 4 tokens, wanted at least 5");
  });
});

describe("ids", () => {
  const text = "bbbbaaacc-xxxxxxxxx";

  test("are the most frequent tokens of the rows to fit on, 1 is all others", async () => {
    const dataset = await read(text, { context: 8, stride: 10, vocabulary: 4 });
    const { model, ...found } = fitFeatures(dataset, Uint32Array.of(0));
    expect(found).toEqual({
      width: 9,
      shape: [9],
      vocabulary: 4,
      tokens: ["", "\uFFFD", "b", "a"],
    });
    const tokens = tensor("BYTES", [2, 4], ["a", "b", "c", "x", "b", "", "", ""]);
    const ids = Float32Array.of(3, 2, 1, 1, 2, 0, 0, 0);
    expect(evaluate(model.graph, { tokens }).features?.data).toEqual(Float64Array.from(ids));
    const session = await openSession(writeModel(model));
    expect((await session.run({ tokens })).features).toEqual(tensor("FP32", [2, 4], ids));
    await session.release();
  });

  test("are those of a file where they are listed, behind two of no token of its", async () => {
    const ids = ["x", "", "-", "\uFFFD", "a", "b", "c"];
    const dataset = await read(text, { context: 8, stride: 10, ids });
    const { model, ...found } = fitFeatures(dataset, Uint32Array.of(0));
    expect(found).toEqual({
      width: 9,
      shape: [9],
      vocabulary: 9,
      tokens: ["", "\uFFFD", ...ids],
      firstOfFile: 2,
    });
    const tokens = tensor("BYTES", [1, 6], ["x", "c", "", "y", "\uFFFD", "a"]);
    const { features } = evaluate(model.graph, { tokens });
    expect(Array.from(features?.data ?? [], Number)).toEqual([2, 8, 0, 1, 5, 6]);
  });

  test("that are listed have to be there for every token of the text", async () => {
    await expect(read(text, { ids: ["a", "b", "x"] })).rejects.toThrow(
      'data.ids: does not list "c", which the text has, wanted every token of it',
    );
  });
});
