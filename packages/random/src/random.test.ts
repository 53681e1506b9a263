import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  type Block,
  bits,
  hashKey,
  inverseNormal,
  type Key,
  normal,
  permute,
  uniform,
} from "./index.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

const keys = fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff));

// The vectors that the authors of Philox publish (Random123, kat_vectors, philox4x32 10): key, counter, result.
const vectors: readonly (readonly [Key, Block, Block])[] = [
  [
    [0, 0],
    [0, 0, 0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0xa4093822, 0x299f31d0],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

describe("bits", () => {
  test.each(vectors)("agrees with the published vectors: key %j", (key, counter, expected) => {
    expect(bits(key, ...counter)).toEqual(expected);
  });
});

describe("hashKey", () => {
  test("is the same on every machine", () => {
    expect([hashKey(), hashKey(0, "shuffle", 3), hashKey("ü", -1.5)]).toMatchInlineSnapshot(`
      [
        [
          0,
          0,
        ],
        [
          642373955,
          3778743648,
        ],
        [
          2089835658,
          1053402912,
        ],
      ]
    `);
  });

  test("tells lists of parts apart", () => {
    const parts = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
        expect(hashKey(...a).join() === hashKey(...b).join()).toBe(left === right);
      }),
    );
    const alike = [
      ["ab", "c"],
      ["a", "bc"],
      ["abc"],
      ["abc", ""],
      [1, 2],
      [12],
      ["1", 2],
      ["\0"],
      [""],
    ];
    expect(new Set(alike.map((list) => hashKey(...list).join())).size).toBe(alike.length);
  });

  test("refuses what is no number", () => {
    expect(() => hashKey(Number.NaN)).toThrow(RangeError);
    expect(hashKey(-0)).toEqual(hashKey(0));
  });
});

describe("uniform", () => {
  test("is the same on every machine", () => {
    const key = hashKey("test");
    expect([0, 1, 2 ** 32, 2 ** 53 - 1].map((at) => uniform(key, at))).toMatchInlineSnapshot(`
      [
        0.3472977566143153,
        0.336315709947519,
        0.9604624799342852,
        0.7487989247612783,
      ]
    `);
  });

  test("lies in [0, 1) and spreads evenly", () => {
    fc.assert(
      fc.property(keys, fc.maxSafeNat(), (key, at) => {
        const value = uniform(key, at);
        expect(value >= 0 && value < 1).toBe(true);
      }),
    );
    const key = hashKey("even");
    const counts = new Array<number>(16).fill(0);
    for (let at = 0; at < 32_000; at++) counts[Math.floor(uniform(key, at) * 16)]!++;
    // 15 degrees of freedom: 37.7 is exceeded by chance once in a thousand keys, and this key is fixed.
    expect(chiSquare(counts)).toBeLessThan(37.7);
  });

  test("refuses a counter that is none", () => {
    for (const counter of [-1, 0.5, 2 ** 53, Number.NaN])
      expect(() => uniform([0, 0], counter)).toThrow(RangeError);
  });
});

describe("normal", () => {
  // SciPy's norm.ppf.
  test.each([
    [1e-16, -8.222082216130435],
    [1e-9, -5.9978070150076865],
    [0.001, -3.090232306167813],
    [0.0749999, -1.439532177375901],
    [0.0750001, -1.4395307645017301],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.77, 0.7388468491852137],
    [0.9999999, 5.199337582290661],
  ])("what is below with a probability of %d", (p, x) => {
    expect(Math.abs(inverseNormal(p) - x)).toBeLessThanOrEqual(1e-15 * Math.abs(x));
  });

  test("is the same on every machine", () => {
    const key = hashKey("test");
    expect([0, 1, 2 ** 32, 2 ** 53 - 1].map((at) => normal(key, at))).toMatchInlineSnapshot(`
      [
        -0.3926262980058169,
        -0.42253930223262914,
        1.756078298157898,
        0.6707149290621771,
      ]
    `);
  });

  test("spreads as it should", () => {
    const key = hashKey("normal");
    // Cut into 16 parts that are equally likely.
    const edges = Array.from({ length: 15 }, (_, index) => inverseNormal((index + 1) / 16));
    const counts = new Array<number>(16).fill(0);
    for (let at = 0; at < 32_000; at++) {
      const value = normal(key, at);
      counts[edges.filter((edge) => edge < value).length]!++;
    }
    expect(chiSquare(counts)).toBeLessThan(37.7);
  });
});

describe("permute", () => {
  const image = (key: Key, n: number) => Array.from({ length: n }, (_, at) => permute(key, n, at));

  test("is the same on every machine", () => {
    expect(image(hashKey("test"), 12)).toMatchInlineSnapshot(`
      [
        4,
        10,
        9,
        6,
        3,
        1,
        8,
        5,
        0,
        7,
        2,
        11,
      ]
    `);
    expect(permute(hashKey("test"), 2 ** 52, 2 ** 51 + 12345)).toMatchInlineSnapshot(
      `3064042876583729`,
    );
  });

  test("is a bijection", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 700 }), (key, n) => {
        expect(image(key, n).sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
  });

  test("stays inside however many there are", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 2 ** 52 }), fc.nat(), (key, n, at) => {
        const place = permute(key, n, at % n);
        expect(Number.isSafeInteger(place) && place >= 0 && place < n).toBe(true);
      }),
    );
  });

  test("makes every order equally likely", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = image(hashKey(seed), 4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom, one in a thousand.
    expect(chiSquare([...counts.values()])).toBeLessThan(49.7);
  });

  test("sends neighbours to unrelated places", () => {
    const n = 10;
    const pairs = new Array<number>(n * n).fill(0);
    for (let seed = 0; seed < 18_000; seed++) {
      const key = hashKey("pairs", seed);
      pairs[permute(key, n, 0) * n + permute(key, n, 1)]!++;
    }
    const possible = pairs.filter((_, at) => Math.floor(at / n) !== at % n);
    // 89 degrees of freedom, one in a thousand.
    expect(chiSquare(possible)).toBeLessThan(135.9);
  });

  test("refuses what is outside", () => {
    for (const [n, at] of [
      [0, 0],
      [-1, 0],
      [3, 3],
      [3, -1],
      [3, 0.5],
      [2 ** 53, 0],
    ] as const)
      expect(() => permute([0, 0], n, at)).toThrow(RangeError);
  });
});

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
