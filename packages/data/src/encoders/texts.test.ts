import { murmur } from "@amaas/graph";
import { describe, expect, test } from "vitest";
import { encodeColumn, encodeRows } from "./encoders.fixture.ts";
import { documentCounts } from "./words.ts";

const column = (rows: readonly (readonly number[])[], at = 0) => rows.map((row) => row[at]);
const { fround } = Math;

test("ordinal: places in the order, sorted or given; 0 for others and none", async () => {
  const sorted = await encodeColumn({ type: "ordinal" }, ["b", "c", null, "a"], ["z", "b"]);
  expect(column(sorted.rows)).toEqual([2, 3, 0, 1, 0, 2].map((place) => fround(place / 3)));
  const given = { type: "ordinal", order: ["low", "high"] } as const;
  const { rows } = await encodeColumn(given, ["high", "low", "middle"]);
  expect(column(rows)).toEqual([1, 0.5, 0]);
});

test("category: ids that are told with the features, 0 for others and none", async () => {
  const { fitted, rows } = await encodeRows({
    fit: [
      { n: 1, c: "b", d: "x" },
      { n: 3, c: "a", d: "x" },
      { n: 5, c: null, d: "y" },
    ],
    later: [{ n: 3, c: "new", d: "NA" }],
    columns: {
      c: { type: "text", encode: { type: "category" } },
      d: { type: "text", encode: { type: "category" } },
    },
  });
  expect(rows.map((row) => row.slice(1))).toEqual([
    [2, 1],
    [1, 1],
    [0, 2],
    [0, 0],
  ]);
  expect(fitted.categories).toEqual([
    { column: 1, size: 3 },
    { column: 2, size: 3 },
  ]);
});

describe("hash", () => {
  const bucket = (text: string) => {
    const signed = murmur(new TextEncoder().encode(text), 0) % 16;
    return (signed + 16) % 16;
  };

  test("sets the flag of MurmurHash3 modulo buckets, of texts never seen too", async () => {
    const cells = ["Straße", "b", "c"];
    const spec = { type: "hash", buckets: 16, as: "one-hot" } as const;
    const { rows } = await encodeColumn(spec, [...cells, null], ["new", "N/A"]);
    const flagged = rows.map((row) => row.flatMap((flag, place) => (flag === 1 ? [place] : [])));
    expect(flagged).toEqual([...cells.map((text) => [bucket(text)]), [], [bucket("new")], []]);
  });

  test("is an id from 1 for embeddings, 0 where it is missing", async () => {
    const spec = { type: "hash", buckets: 16, as: "category" } as const;
    const { rows, fitted } = await encodeColumn(spec, ["a", null], ["new"]);
    expect(column(rows)).toEqual([bucket("a") + 1, 0, bucket("new") + 1]);
    expect(fitted.categories).toEqual([{ column: 0, size: 17 }]);
  });
});

describe("target", () => {
  const spec = { type: "target", smoothing: 2, folds: 2 } as const;

  test("serves smoothed means of the label, that of all rows for others and none", async () => {
    const cells = ["a", "a", "a", "b", null, "b"];
    const labels = [1, 1, 0, 0, 1, 0];
    const { rows } = await encodeColumn(spec, cells, ["new", "a"], { labels: [...labels, 0, 0] });
    const a = fround((2 + 2 * 0.5) / 5);
    const b = fround((0 + 2 * 0.5) / 4);
    expect(column(rows)).toEqual([a, a, a, b, 0.5, b, 0.5, a]);
  });

  test("has a column for each of more classes", async () => {
    const labels = ["p", "q", "r", "p"];
    const { rows, fitted } = await encodeColumn(
      { ...spec, smoothing: 0 },
      ["a", "a", "b", "b"],
      [],
      {
        labels,
      },
    );
    expect(rows).toEqual([
      [0.5, 0.5, 0],
      [0.5, 0.5, 0],
      [0.5, 0, 0.5],
      [0.5, 0, 0.5],
    ]);
    expect(fitted.names).toEqual(["x: mean of p", "x: mean of q", "x: mean of r"]);
  });

  test("is in deviations of a number", async () => {
    const rest = { labels: [1, 3, 5, 7], task: "regression" } as const;
    const { rows } = await encodeColumn({ ...spec, smoothing: 0 }, ["a", "a", "b", "b"], [], rest);
    const deviation = Math.sqrt(5);
    expect(column(rows)).toEqual([-2, -2, 2, 2].map((mean) => fround(mean / deviation)));
  });

  test("gives training rows what other rows say: their own label makes no difference", async () => {
    const cells = Array.from({ length: 60 }, (_, row) => `group ${row % 4}`);
    const labels = cells.map((_, row) => Number((row * 7) % 5 > 2));
    const encode = (flipped?: number) =>
      encodeColumn({ ...spec, folds: 5 }, cells, [], {
        labels: labels.map((label, row) => (row === flipped ? 1 - label : label)),
      });
    const before = (await encode()).fitted.training?.[0]?.values;
    for (const row of [0, 13, 59]) {
      const { fitted, rows } = await encode(row);
      const after = fitted.training?.[0];
      expect(after?.column).toBe(0);
      expect(after?.values[row]).toBe(before?.[row]);
      // Others of its group do change, and so does what is served.
      expect(after?.values).not.toEqual(before);
      expect(after?.values).not.toEqual(Float32Array.from(rows, ([mean]) => mean!));
    }
  });
});

describe("tf-idf", () => {
  const spec = { type: "tf-idf", terms: 100, nGrams: 2 } as const;
  const texts = [
    "The cat, the CAT!",
    "the dog\tand the cat",
    "dog and dog",
    "", // missing
    "Ünïcödé dog",
  ];

  test("agrees with scikit-learn's TfidfVectorizer", async () => {
    const { rows, fitted } = await encodeColumn(spec, texts, [
      "the zebra cat",
      "zebra",
      "dog dog the",
    ]);
    // TfidfVectorizer(ngram_range=(1, 2), min_df=2, token_pattern=r"[^\W_]+").
    expect(fitted.names).toEqual(["x~and", "x~cat", "x~dog", "x~the", "x~dog and", "x~the cat"]);
    for (const [row, wanted] of [
      [0.0, 0.57735027, 0.0, 0.57735027, 0.0, 0.57735027],
      [0.33924531, 0.33924531, 0.28160425, 0.67849062, 0.33924531, 0.33924531],
      [0.45853232, 0.0, 0.76124649, 0.0, 0.45853232, 0.0],
      [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
      [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
      [0.0, Math.SQRT1_2, 0.0, Math.SQRT1_2, 0.0, 0.0],
      [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
      [0.0, 0.0, 0.85660579, 0.51597143, 0.0, 0.0],
    ].entries())
      for (const [at, value] of wanted.entries()) expect(rows[row]?.[at]).toBeCloseTo(value, 6);
  });

  test("keeps the terms that most texts have", async () => {
    const { fitted } = await encodeColumn({ ...spec, terms: 2 }, texts);
    // "dog" is in three; of those in two, "and" comes first.
    expect(fitted.names).toEqual(["x~and", "x~dog"]);
  });

  test("wants words in two texts", async () => {
    await expect(encodeColumn(spec, ["one", "two"])).rejects.toThrow("has no word in two texts");
  });
});

test("words of more texts than memory has room for: rare ones are forgotten, frequent ones counted", () => {
  const lists = Array.from({ length: 300 }, (_, row) => ["the", `only ${row}`, `pair ${row >> 1}`]);
  const counts = documentCounts(lists, 200);
  expect(counts.get("the")).toBe(300);
  expect(counts.get("pair 100")).toBe(2);
  expect(counts.size).toBeLessThanOrEqual(203);
});

describe("tokens", () => {
  const spec = { type: "tokens", words: 4, vocabulary: 5 } as const;

  test("are ids of the first words, 1 for unknown ones, then 0", async () => {
    const { rows, fitted } = await encodeColumn(
      spec,
      ["The cat and the dog", "the cat", "The end and", "and so", null],
      ["so the Zebra", "", "one two three four five six the"],
    );
    // "and" and "the" are in three texts, "cat" in two.
    expect(fitted).toMatchObject({
      shape: [4],
      vocabulary: 5,
      tokens: ["", "<unknown>", "and", "the", "cat"],
    });
    expect(rows).toEqual([
      [3, 4, 2, 3],
      [3, 4, 0, 0],
      [3, 1, 2, 0],
      [2, 1, 0, 0],
      [0, 0, 0, 0],
      [1, 3, 1, 0],
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ]);
  });

  test("are read alone", async () => {
    const columns = { t: { type: "text", encode: spec } } as const;
    await expect(
      encodeRows({
        fit: [
          { t: "a b a", n: 1 },
          { t: "a b", n: 2 },
        ],
        columns,
      }),
    ).rejects.toThrow("tokens are read alone: found 1 more features beside t[0]");
  });
});

describe("crosses", () => {
  const fit = [
    { a: "x", b: "u", n: 1 },
    { a: "x", b: "v", n: 5 },
    { a: "y", b: null, n: null },
    { a: "y", b: "u", n: 9 },
  ];
  const columns = {
    n: { type: "number", encode: { type: "buckets", count: 10, edges: [4], as: "one-hot" } },
  } as const;

  test("have a flag for each combination of the training rows", async () => {
    const later = [
      { a: "x", b: "u", n: 3 },
      { a: "z", b: "v", n: 5 },
    ];
    const { rows } = await encodeRows({ fit, later, columns, crosses: [{ columns: ["a", "b"] }] });
    const crossed = rows.map((row) => row.slice(-4));
    const flags = crossed.map((row) => row.indexOf(1));
    expect(crossed.slice(0, 5).every((row) => row.filter(Boolean).length === 1)).toBe(true);
    expect(new Set(flags.slice(0, 4)).size).toBe(4);
    expect(flags[4]).toBe(flags[0]);
    // Another combination than those.
    expect(flags[5]).toBe(-1);
  });

  test("take numbers by their buckets", async () => {
    const { rows } = await encodeRows({
      fit,
      later: [{ a: "x", b: "u", n: 3.9 }],
      columns,
      crosses: [{ columns: ["a", "n"] }],
    });
    const flags = rows.map((row) => row.slice(-4).indexOf(1));
    expect(flags[4]).toBe(flags[0]);
    expect(new Set(flags).size).toBe(4);
  });

  test("are hashed into buckets", async () => {
    const later = [{ a: "z", b: "v", n: 5 }];
    const crosses = [{ columns: ["a", "b", "n"], buckets: 32 }];
    const { rows } = await encodeRows({ fit, later, columns, crosses });
    for (const row of rows) expect(row.slice(-32).filter(Boolean)).toEqual([1]);
  });

  test("of what the model does not see are refused", async () => {
    const crosses = [{ columns: ["a", "q"] }];
    await expect(encodeRows({ fit, columns, crosses })).rejects.toThrow(
      'features.crosses[0].columns: the model sees no column "q"',
    );
  });
});
