import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type Graph,
  graphBuilder,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  toTensor,
  type Value,
  writeModel,
} from "@amaas/graph";
import { hashKey } from "@amaas/random";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { gradient } from "../index.ts";
import type { Case, Feeds } from "../oracle.fixture.ts";
import { dropout } from "./dropout.ts";
import { arrays, judge, shapes } from "./judge.fixture.ts";

vi.setConfig({ testTimeout: 120_000 });

type Key = readonly [number, number];

// Where nothing is dropped.
const still = fc
  .tuple(
    shapes.chain((shape) => arrays(shape)),
    fc.constantFrom("eval", "ratio", "neither"),
  )
  .map(
    ([x, why]): Case => ({
      build(g, [x]) {
        const ratio = g.scalar(why === "ratio" ? 0 : 0.5, x!);
        const training = why === "neither" ? undefined : g.scalar(why === "ratio" ? 1 : 0, "BOOL");
        return g.node("Dropout", [x!, ratio, training]);
      },
      inputs: [x],
    }),
  );

judge(dropout, { Dropout: still });

/** The mask as the description of the generator has it, element by element. */
function maskOf(key: Key, name: string, seed: string, count: number, ratio: number): number[] {
  const scramble = (v: number, k: number): number => {
    const once = Math.imul(v, 2 * v + k) >>> 0;
    const mixed = (once ^ (once >>> 16)) >>> 0;
    return Math.imul(mixed, 2 * mixed + k) >>> 0;
  };
  const first = [
    scramble((key[0] + 0x9e3779b9) >>> 0, 1),
    scramble((key[1] + 0xbb67ae85) >>> 0, 3),
  ];
  const mixed = [
    scramble((first[0]! + 2 * first[1]!) >>> 0, 5),
    scramble((first[1]! + 2 * first[0]!) >>> 0, 7),
  ];
  const own = hashKey("dropout", seed, name);
  const start = (mixed[0]! + own[0]) >>> 0;
  const stir = ((mixed[1]! + own[1]) | 1) >>> 0;
  return Array.from({ length: count }, (_, place) => {
    const v = (Math.imul(place, 0x9e3779b9) + start) >>> 0;
    return scramble(v, stir) >= Math.floor(ratio * 2 ** 32) ? 1 : 0;
  });
}

interface Form {
  readonly shape: readonly number[];
  readonly ratio: number;
  readonly symbolic: boolean;
  /** Whether ratio and training mode are fed rather than constants. */
  readonly fed: boolean;
}

/** A loss whose gradient at x is the scaled mask, times what x is multiplied with. */
function dropped({ shape, ratio, symbolic, fed }: Form): Graph {
  const g = graphBuilder("dropped");
  const sizes = symbolic ? shape.map((_, axis) => `s${axis}`) : shape;
  const [x, w] = [g.input("x", "FP32", sizes), g.input("w", "FP32", sizes)];
  const part = fed ? g.input("ratio", "FP32", []) : g.scalar(ratio, "FP32");
  const training = fed ? g.input("training", "BOOL", []) : g.scalar(1, "BOOL");
  const [y, mask] = g.node("Dropout", [x, part, training], { seed: 7 }, { outputs: 2 });
  g.output("loss", g.reduceSum(g.mul(y!, w), undefined, { keepdims: false }));
  g.output("mask", mask!);
  return g.build();
}

function feedsOf({ shape, ratio, fed }: Form, key: Key, training = 1): Feeds {
  const count = shape.reduce((product, size) => product * size, 1);
  const numbers = Array.from({ length: count }, (_, i) => (i % 13) / 8 - 0.75);
  const x = ndarray("FP32", shape, numbers);
  const feeds = { x, w: x, key: ndarray("UINT32", [2], [...key]) };
  if (!fed) return feeds;
  const switches = {
    ratio: ndarray("FP32", [], [ratio]),
    training: ndarray("BOOL", [], [training]),
  };
  return { ...feeds, ...switches };
}

async function onEngine(graph: Graph, feeds: Feeds): Promise<Record<string, NDArray>> {
  const session = await openSession(writeModel(modelOf(graph)));
  const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
  const made = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(made).map(([name, value]) => [name, fromTensor(value)]));
}

const request = { loss: "loss", wrt: ["x"], randomKey: "key" };
const key: Key = [123456789, 3];

describe("in training mode", () => {
  const forms = [[4, 3], [2, 3, 5], [7], [], [3, 1], [0, 4]].flatMap((shape) =>
    [false, true].flatMap((symbolic) =>
      [false, true].map((fed): Form => ({ shape, ratio: 0.25, symbolic, fed })),
    ),
  );

  test.each(forms)(
    "draws the same mask everywhere: $shape, symbolic $symbolic, fed $fed",
    async (form) => {
      const graph = gradient(dropped(form), request);
      const feeds = feedsOf(form, key);
      const w = numbersOf(feeds.w!);
      const mask = maskOf(key, "dropout_0", "7", w.length, form.ratio);
      const [exact, found] = [evaluate(graph, feeds), await onEngine(graph, feeds)];
      for (const each of [exact, found]) expect(Array.from(numbersOf(each.mask!))).toEqual(mask);
      const scale = Math.fround(1 / 0.75);
      expect([...numbersOf(found["grad/x"]!)]).toEqual(
        Array.from(w, (value, i) => Math.fround(value * mask[i]! * scale)),
      );
      // The reference does not round.
      for (const [i, slope] of numbersOf(exact["grad/x"]!).entries())
        expect(slope).toBeCloseTo((w[i]! * mask[i]!) / 0.75, 6);
    },
  );

  test("leaves everything where training is off when it runs", async () => {
    const form: Form = { shape: [4, 3], ratio: 0.25, symbolic: true, fed: true };
    const feeds = feedsOf(form, key, 0);
    const found = await onEngine(gradient(dropped(form), request), feeds);
    expect(found["grad/x"]).toEqual(feeds.w);
    expect(new Set(numbersOf(found.mask!))).toEqual(new Set([1]));
  });

  test("asks for a key, and for one that is no other input", () => {
    const graph = dropped({ shape: [2], ratio: 0.25, symbolic: false, fed: false });
    expect(() => gradient(graph, { loss: "loss", wrt: ["x"] })).toThrow(/Dropout.*randomKey/);
    expect(() => gradient(graph, { ...request, randomKey: "w" })).toThrow("UINT32[2] is wanted");
    const all = dropped({ shape: [2], ratio: 1, symbolic: false, fed: false });
    expect(() => gradient(all, request)).toThrow("its ratio is 1");
  });

  test("replaces what no gradient flows through too", () => {
    const g = graphBuilder("input dropout");
    const [x, w] = [g.input("x", "FP32", [4]), g.input("w", "FP32", [4])];
    const y = g.node("Dropout", [x, g.scalar(0.5, x), g.scalar(1, "BOOL")]);
    g.output("loss", g.reduceSum(g.mul(y, w), undefined, { keepdims: false }));
    const { nodes } = gradient(g.build(), { ...request, wrt: ["w"] });
    expect(nodes.map(({ op }) => op)).not.toContain("Dropout");
  });
});

describe("the masks of many runs", () => {
  const count = 2 ** 16;

  /** Two nodes of one graph, which may differ in their names only. */
  function twoMasks(): Graph {
    const g = graphBuilder("masks");
    const x = g.input("x", "FP32", [256, 256]);
    const drop = (value: Value) =>
      g.node("Dropout", [value, g.scalar(0.5, x), g.scalar(1, "BOOL")], {}, { outputs: 2 });
    const [y, first] = drop(x);
    const [z, second] = drop(x);
    g.output("loss", g.reduceSum(g.mul(y!, z!), undefined, { keepdims: false }));
    g.output("first", first!);
    g.output("second", second!);
    return g.build();
  }

  /** -1 and 1, so that a sum of products of independent ones has the spread √count. */
  async function signs(keys: readonly Key[]): Promise<readonly Float64Array[]> {
    const session = await openSession(writeModel(modelOf(gradient(twoMasks(), request))));
    const x = toTensor(ndarray("FP32", [256, 256], new Float64Array(count).fill(1)));
    const masks: Float64Array[] = [];
    for (const key of keys) {
      const made = await session.run({ x, key: toTensor(ndarray("UINT32", [2], [...key])) });
      for (const name of ["first", "second"])
        masks.push(numbersOf(fromTensor(made[name]!)).map((kept) => 2 * kept - 1));
    }
    await session.release();
    return masks;
  }

  const correlation = (a: Float64Array, b: Float64Array, lag = 0): number => {
    let sum = 0;
    for (let i = 0; i + lag < count; i++) sum += a[i]! * b[i + lag]!;
    return Math.abs(sum) / Math.sqrt(count - lag);
  };

  // Keys as a careless caller counts them. Everything is fixed, so a bound of four and a half standard
  // deviations is met or not, for ever; by chance it would be missed once in more than a hundred thousand tries.
  const keys = Array.from({ length: 12 }, (_, step): Key => [1, step]);

  test("are balanced, and independent of each other and of themselves elsewhere", async () => {
    const masks = await signs(keys);
    const ones = new Float64Array(count).fill(1);
    for (const mask of masks) {
      expect(correlation(mask, ones)).toBeLessThan(4.5);
      for (const lag of [1, 2, 3, 16, 64, 255, 256, 257, 512, 4096, 2 ** 15])
        expect(correlation(mask, mask, lag)).toBeLessThan(4.5);
    }
    for (const [at, mask] of masks.entries())
      for (const other of masks.slice(at + 1)) expect(correlation(mask, other)).toBeLessThan(4.5);
  });

  test("have all patterns of eight neighbours evenly", async () => {
    const [mask] = await signs([[1, 1]]);
    for (const step of [1, 32, 256, 2 ** 13]) {
      const counts = new Array<number>(256).fill(0);
      for (let start = 0; start < count; start++) {
        if (Math.floor(start / step) % 8 !== 0) continue;
        let pattern = 0;
        for (let i = 0; i < 8; i++) pattern = 2 * pattern + (mask![start + i * step]! > 0 ? 1 : 0);
        counts[pattern]!++;
      }
      const expected = count / 8 / 256;
      const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: 370 is exceeded by chance once in a million.
      expect(chiSquare).toBeLessThan(370);
    }
  });
});
