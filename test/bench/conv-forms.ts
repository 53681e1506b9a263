/**
 * The forms in which the gradient of a convolution can be written, timed against each other on one thread. The rule
 * by which autodiff chooses (packages/autodiff/src/rules/conv-forms.ts) comes from these figures; run it again when
 * onnxruntime changes: `node test/bench/conv-forms.ts [rounds] [basic|all] [name]`.
 */
import { openSession, type Session } from "@amaas/engine";
import {
  type GraphBuilder,
  graphBuilder,
  modelOf,
  tensorOf,
  type Value,
  writeModel,
} from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";

interface Shape {
  readonly name: string;
  readonly n: number;
  readonly c: number;
  readonly size: number;
  readonly m: number;
  readonly k: number;
  readonly stride?: number;
  readonly group?: number;
}

const shapes: readonly Shape[] = [
  { name: "stem 64", n: 8, c: 3, size: 64, m: 64, k: 7, stride: 2 },
  { name: "layer1 64", n: 8, c: 64, size: 16, m: 64, k: 3 },
  { name: "layer2 64", n: 8, c: 128, size: 8, m: 128, k: 3 },
  { name: "layer2 64 down", n: 8, c: 64, size: 16, m: 128, k: 3, stride: 2 },
  { name: "layer2 64 1x1", n: 8, c: 64, size: 16, m: 128, k: 1, stride: 2 },
  { name: "layer3 64", n: 8, c: 256, size: 4, m: 256, k: 3 },
  { name: "layer4 64", n: 8, c: 512, size: 2, m: 512, k: 3 },
  { name: "layer4 64 down", n: 8, c: 256, size: 4, m: 512, k: 3, stride: 2 },
  { name: "layer4 64 of 32", n: 32, c: 512, size: 2, m: 512, k: 3 },
  { name: "layer3 64 of 32", n: 32, c: 256, size: 4, m: 256, k: 3 },
  { name: "layer2 64 of 32", n: 32, c: 128, size: 8, m: 128, k: 3 },
  { name: "stem 224", n: 2, c: 3, size: 224, m: 64, k: 7, stride: 2 },
  { name: "layer1 224", n: 2, c: 64, size: 56, m: 64, k: 3 },
  { name: "layer2 224", n: 2, c: 128, size: 28, m: 128, k: 3 },
  { name: "layer3 224", n: 2, c: 256, size: 14, m: 256, k: 3 },
  { name: "layer4 224", n: 2, c: 512, size: 7, m: 512, k: 3 },
  { name: "unet top", n: 2, c: 16, size: 128, m: 16, k: 3 },
  { name: "unet first", n: 2, c: 3, size: 128, m: 16, k: 3 },
  { name: "digits", n: 32, c: 1, size: 28, m: 8, k: 3 },
  { name: "mobile expand", n: 8, c: 24, size: 28, m: 88, k: 1 },
  { name: "mobile project", n: 8, c: 240, size: 14, m: 40, k: 1 },
  { name: "depthwise 3", n: 8, c: 88, size: 28, m: 88, k: 3, group: 88 },
  { name: "depthwise 5", n: 8, c: 240, size: 14, m: 240, k: 5, group: 240 },
  { name: "depthwise 5 down", n: 8, c: 96, size: 28, m: 96, k: 5, stride: 2, group: 96 },
  { name: "grouped", n: 4, c: 128, size: 28, m: 128, k: 3, group: 8 },
];

interface Sizes extends Required<Shape> {
  readonly out: number;
  readonly pad: number;
  /** The padding behind with which the last window ends at the end. */
  readonly end: number;
}

function sizesOf({ stride = 1, group = 1, ...rest }: Shape): Sizes {
  const pad = (rest.k - 1) / 2;
  const out = Math.floor((rest.size + 2 * pad - rest.k) / stride) + 1;
  const end = (out - 1) * stride + rest.k - rest.size - pad;
  return { ...rest, stride, group, pad, out, end };
}

type Form = (g: GraphBuilder, s: Sizes, at: Record<"x" | "w" | "dy", Value>) => Value | undefined;

const both = (value: number) => [value, value];
const swap = (g: GraphBuilder, x: Value) => g.transpose(x, [1, 0, 2, 3]);
const slice = (
  g: GraphBuilder,
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[],
) => g.node("Slice", [x, g.ints(starts), g.ints(ends), g.ints(axes), g.ints(steps)]);

/** x as [N, H, W, C] with what is around it. */
function paddedRows(g: GraphBuilder, s: Sizes, x: Value): Value {
  const rows = g.transpose(x, [0, 2, 3, 1]);
  const end = Math.max(0, s.end);
  if (s.pad === 0 && end === 0) return rows;
  return g.node("Pad", [rows, g.ints([0, s.pad, s.pad, 0, 0, end, end, 0])]);
}

const padded = (s: Sizes) => s.size + s.pad + Math.max(0, s.end);
const points = (k: number) =>
  Array.from({ length: k * k }, (_, t) => [Math.floor(t / k), t % k] as const);

/** Every window of x as a row of k·k·C. */
function windowsGathered(g: GraphBuilder, s: Sizes, x: Value): Value {
  const { n, c, k, out, stride } = s;
  const width = padded(s);
  const flat = g.reshape(paddedRows(g, s, x), [n, width * width, c]);
  const positions = Array.from({ length: out * out }, (_, o) =>
    points(k).map(([i, j]) => (Math.floor(o / out) * stride + i) * width + (o % out) * stride + j),
  );
  const index = g.constant(tensorOf("INT32", [out * out * k * k], positions.flat()));
  return g.reshape(g.gather(flat, index, 1), [n * out * out, k * k * c]);
}

const rowSlices = (g: GraphBuilder, s: Sizes, rows: Value): readonly Value[] =>
  points(s.k).map(([i, j]) => {
    const span = (s.out - 1) * s.stride + 1;
    return slice(g, rows, [i, j], [i + span, j + span], [1, 2], both(s.stride));
  });

function fromRows(g: GraphBuilder, s: Sizes, dw: Value): Value {
  return g.transpose(g.reshape(dw, [s.m, s.k, s.k, s.c]), [0, 3, 1, 2]);
}

const featureRows = (g: GraphBuilder, s: Sizes, dy: Value) =>
  g.reshape(g.transpose(dy, [0, 2, 3, 1]), [s.n * s.out * s.out, s.m]);
const featureColumns = (g: GraphBuilder, s: Sizes, dy: Value) =>
  g.reshape(swap(g, dy), [s.m, s.n * s.out * s.out]);

const weightForms: Record<string, Form> = {
  conv(g, s, { x, dy }) {
    const { n, c, group, size } = s;
    const from =
      group === 1
        ? swap(g, x)
        : g.reshape(g.transpose(g.reshape(x, [n, group, c / group, size, size]), [2, 1, 0, 3, 4]), [
            c / group,
            group * n,
            size,
            size,
          ]);
    if (s.end < 0) return undefined;
    const dw = g.node("Conv", [from, swap(g, dy)], {
      dilations: both(s.stride),
      pads: [s.pad, s.pad, s.end, s.end],
      group,
    });
    return swap(g, dw);
  },
  gather(g, s, { x, dy }) {
    if (s.group > 1) return undefined;
    const windows = windowsGathered(g, s, x);
    return fromRows(g, s, g.gemm(featureRows(g, s, dy), windows, undefined, { transA: 1 }));
  },
  gather2(g, s, { x, dy }) {
    if (s.group > 1) return undefined;
    return fromRows(g, s, g.gemm(featureColumns(g, s, dy), windowsGathered(g, s, x)));
  },
  slices(g, s, { x, dy }) {
    if (s.group > 1 || s.k === 1) return undefined;
    const all = g.concat(rowSlices(g, s, paddedRows(g, s, x)), 3);
    const windows = g.reshape(all, [s.n * s.out * s.out, s.k * s.k * s.c]);
    return fromRows(g, s, g.gemm(featureColumns(g, s, dy), windows));
  },
  /** Windows as columns, in the order of NCHW: [C·k·k, N·P]. */
  columns(g, s, { x, dy }) {
    if (s.group > 1) return undefined;
    const end = Math.max(0, s.end);
    const wide =
      s.pad || end
        ? g.node("Pad", [swap(g, x), g.ints([0, 0, s.pad, s.pad, 0, 0, end, end])])
        : swap(g, x);
    const span = (s.out - 1) * s.stride + 1;
    const parts = points(s.k).map(([i, j]) =>
      slice(g, wide, [i, j], [i + span, j + span], [2, 3], both(s.stride)),
    );
    const rows = g.reshape(g.concat(parts, 0), [s.k * s.k * s.c, s.n * s.out * s.out]);
    const dw = g.gemm(featureColumns(g, s, dy), rows, undefined, { transB: 1 });
    return fromRows(g, s, dw);
  },
  /** One product for each sample, summed after. */
  samples(g, s, { x, dy }) {
    if (s.group > 1) return undefined;
    const p = s.out * s.out;
    const windows = g.reshape(windowsGathered(g, s, x), [s.n, p, s.k * s.k * s.c]);
    const products = g.matMul(g.reshape(dy, [s.n, s.m, p]), windows);
    return fromRows(g, s, g.reduceSum(products, [0], { keepdims: false }));
  },
  taps(g, s, { x, dy }) {
    if (s.group > 1) return undefined;
    const columns = featureColumns(g, s, dy);
    const parts = rowSlices(g, s, paddedRows(g, s, x)).map((part) =>
      g.unsqueeze(g.gemm(columns, g.reshape(part, [s.n * s.out * s.out, s.c])), [1]),
    );
    return fromRows(g, s, g.concat(parts, 1));
  },
  /** For depthwise: products with each shift, summed over batch and space. */
  shifts(g, s, { x, dy }) {
    if (s.group !== s.c || s.c !== s.m) return undefined;
    const end = Math.max(0, s.end);
    const wide = g.node("Pad", [x, g.ints([0, 0, s.pad, s.pad, 0, 0, end, end])]);
    const span = (s.out - 1) * s.stride + 1;
    const sums = points(s.k).map(([i, j]) => {
      const part = slice(g, wide, [i, j], [i + span, j + span], [2, 3], both(s.stride));
      return g.reshape(g.reduceSum(g.mul(part, dy), [0, 2, 3]), [s.m, 1, 1]);
    });
    return g.reshape(g.concat(sums, 2), [s.m, 1, s.k, s.k]);
  },
  /** The same in rows: channels last, so that the sum is over the first axis. */
  shiftRows(g, s, { x, dy }) {
    if (s.group !== s.c || s.c !== s.m) return undefined;
    const rows = featureRows(g, s, dy);
    const ones = g.constant(
      tensorOf("FP32", [1, s.n * s.out * s.out], new Array(s.n * s.out * s.out).fill(1)),
    );
    const sums = rowSlices(g, s, paddedRows(g, s, x)).map((part) =>
      g.gemm(ones, g.mul(g.reshape(part, [s.n * s.out * s.out, s.m]), rows)),
    );
    return g.reshape(g.transpose(g.concat(sums, 0), [1, 0]), [s.m, 1, s.k, s.k]);
  },
  /** Each channel's windows against its own features, as one batched product. */
  channels(g, s, { x, dy }) {
    if (s.group !== s.c || s.c !== s.m) return undefined;
    const end = Math.max(0, s.end);
    const wide = g.node("Pad", [swap(g, x), g.ints([0, 0, s.pad, s.pad, 0, 0, end, end])]);
    const span = (s.out - 1) * s.stride + 1;
    const p = s.n * s.out * s.out;
    const parts = points(s.k).map(([i, j]) =>
      g.reshape(slice(g, wide, [i, j], [i + span, j + span], [2, 3], both(s.stride)), [s.c, 1, p]),
    );
    const windows = g.concat(parts, 1);
    const dw = g.matMul(windows, g.reshape(swap(g, dy), [s.c, p, 1]));
    return g.reshape(dw, [s.m, 1, s.k, s.k]);
  },
  product(g, s, { x, dy }) {
    if (s.k !== 1 || s.group > 1) return undefined;
    const seen = s.stride === 1 ? x : slice(g, x, [0, 0], both(s.size), [2, 3], both(s.stride));
    const rows = g.reshape(swap(g, seen), [s.c, s.n * s.out * s.out]);
    const dw = g.gemm(featureColumns(g, s, dy), rows, undefined, { transB: 1 });
    return g.reshape(dw, [s.m, s.c, 1, 1]);
  },
  productSamples(g, s, { x, dy }) {
    if (s.k !== 1 || s.group > 1) return undefined;
    const seen = s.stride === 1 ? x : slice(g, x, [0, 0], both(s.size), [2, 3], both(s.stride));
    const p = s.out * s.out;
    const columns = g.transpose(g.reshape(seen, [s.n, s.c, p]), [0, 2, 1]);
    const dw = g.matMul(g.reshape(dy, [s.n, s.m, p]), columns);
    return g.reshape(g.reduceSum(dw, [0], { keepdims: false }), [s.m, s.c, 1, 1]);
  },
};

function flipped(g: GraphBuilder, s: Sizes, w: Value): Value {
  return slice(g, w, both(s.k - 1), both(-s.k - 1), [2, 3], both(-1));
}

const inputForms: Record<string, Form> = {
  transposed(g, s, { w, dy }) {
    const [end, more] = [Math.max(0, s.end), Math.max(0, -s.end)];
    return g.node("ConvTranspose", [dy, w], {
      strides: both(s.stride),
      pads: [s.pad, s.pad, end, end],
      output_padding: both(more),
      group: s.group,
    });
  },
  flipped(g, s, { w, dy }) {
    if (s.stride > 1 || s.group > 1) return undefined;
    return g.node("Conv", [dy, swap(g, flipped(g, s, w))], {
      pads: new Array(4).fill(s.k - 1 - s.pad),
    });
  },
  /** The points of the kernel turned around as whole slices. */
  flippedRows(g, s, { w, dy }) {
    if (s.stride > 1 || s.group > 1 || s.k === 1) return undefined;
    const taps = g.transpose(g.reshape(w, [s.m, s.c, s.k * s.k]), [2, 1, 0]);
    const order = g.constant(
      tensorOf("INT32", [s.k * s.k], [...Array(s.k * s.k).keys()].reverse()),
    );
    const turned = g.transpose(g.gather(taps, order, 0), [1, 2, 0]);
    const v = g.reshape(turned, [s.c, s.m, s.k, s.k]);
    return g.node("Conv", [dy, v], { pads: new Array(4).fill(s.k - 1 - s.pad) });
  },
  flippedGroups(g, s, { w, dy }) {
    if (s.stride > 1 || s.group === 1) return undefined;
    const { group, m, c, k } = s;
    const split = g.reshape(flipped(g, s, w), [group, m / group, c / group, k, k]);
    const v = g.reshape(g.transpose(split, [0, 2, 1, 3, 4]), [c, m / group, k, k]);
    return g.node("Conv", [dy, v], { pads: new Array(4).fill(k - 1 - s.pad), group });
  },
  /** Zeros between the elements of dy, then as with a stride of 1. */
  stretched(g, s, { w, dy }) {
    if (s.stride !== 2 || s.k === 1) return undefined;
    const { n, m, c, k, out, group } = s;
    const apart = g.node("Pad", [
      g.reshape(dy, [n, m, out, 1, out, 1]),
      g.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]),
    ]);
    const wide = g.reshape(apart, [n, m, 2 * out, 2 * out]);
    const split = g.reshape(flipped(g, s, w), [group, m / group, c / group, k, k]);
    const v = g.reshape(g.transpose(split, [0, 2, 1, 3, 4]), [c, m / group, k, k]);
    const begin = k - 1 - s.pad;
    const end = s.size - 2 * out + k - 1 - begin;
    return g.node("Conv", [wide, v], { pads: [begin, begin, end, end], group });
  },
  /** One product with the weights for the whole batch, whose parts are gathered to where they add up. */
  gathered(g, s, { w, dy }) {
    if (s.group > 1 || s.k === 1) return undefined;
    const { n, c, m, k, out, size, stride, pad } = s;
    const [p, t] = [out * out, k * k];
    const parts = g.gemm(featureRows(g, s, dy), g.reshape(w, [m, c * t]));
    const apart = g.reshape(g.transpose(g.reshape(parts, [n, p, c, t]), [0, 1, 3, 2]), [
      n,
      p * t,
      c,
    ]);
    const zeros = g.node("Pad", [apart, g.ints([0, 0, 0, 0, 1, 0])]);
    const reach = (at: number): readonly (readonly [number, number])[] =>
      Array.from({ length: k }, (_, tap) => [(at + pad - tap) / stride, tap] as const).filter(
        ([o]) => Number.isInteger(o) && o >= 0 && o < out,
      );
    const lists = Array.from({ length: size * size }, (_, at) =>
      reach(Math.floor(at / size)).flatMap(([a, i]) =>
        reach(at % size).map(([b, j]) => (a * out + b) * t + i * k + j),
      ),
    );
    const most = Math.max(...lists.map((list) => list.length));
    const index = lists.flatMap((list) => [...list, ...new Array(most - list.length).fill(p * t)]);
    const taken = g.gather(zeros, g.constant(tensorOf("INT32", [index.length], index)), 1);
    const sums = g.reduceSum(g.reshape(taken, [n, size * size, most, c]), [2], { keepdims: false });
    return g.reshape(g.transpose(sums, [0, 2, 1]), [n, c, size, size]);
  },
  product(g, s, { w, dy }) {
    if (s.k !== 1 || s.stride > 1 || s.group > 1) return undefined;
    const p = s.out * s.out;
    const turned = g.transpose(g.reshape(w, [s.m, s.c]), [1, 0]);
    return g.reshape(g.matMul(turned, g.reshape(dy, [s.n, s.m, p])), [s.n, s.c, s.size, s.size]);
  },
  productConv(g, s, { w, dy }) {
    if (s.k !== 1 || s.stride > 1 || s.group > 1) return undefined;
    return g.node("Conv", [dy, swap(g, w)]);
  },
  spread(g, s, { w, dy }) {
    if (s.k !== 1 || s.stride !== 2 || s.group > 1) return undefined;
    const dx = g.node("Conv", [dy, swap(g, w)]);
    const apart = g.node("Pad", [
      g.reshape(dx, [s.n, s.c, s.out, 1, s.out, 1]),
      g.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]),
    ]);
    return g.reshape(apart, [s.n, s.c, s.size, s.size]);
  },
};

const forward: Form = (g, s, { x, w }) =>
  g.node("Conv", [x, w], {
    strides: both(s.stride),
    pads: [s.pad, s.pad, s.pad, s.pad],
    group: s.group,
  });

const random = (shape: readonly number[], seed: number): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensorOf(
    "FP32",
    shape,
    Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7)),
  );
};

interface Contestant {
  readonly name: string;
  readonly session: Session;
  readonly result: Float32Array;
  best: number;
}

async function contest(s: Sizes, forms: Record<string, Form>, optimization: "basic" | "all") {
  const { n, c, size, m, k, group, out } = s;
  const feeds = {
    x: random([n, c, size, size], 1),
    w: random([m, c / group, k, k], 2),
    dy: random([n, m, out, out], 3),
  };
  const contestants: Contestant[] = [];
  for (const [name, form] of Object.entries(forms)) {
    const g = graphBuilder(name);
    const at = {
      x: g.input("x", "FP32", feeds.x.shape),
      w: g.input("w", "FP32", feeds.w.shape),
      dy: g.input("dy", "FP32", feeds.dy.shape),
    };
    const y = form(g, s, at);
    if (!y) continue;
    g.output("y", y);
    const session = await openSession(writeModel(modelOf(g.build())), { optimization });
    const made = (await session.run(feeds)).y!;
    contestants.push({ name, session, result: made.data as Float32Array, best: Infinity });
  }
  for (const one of contestants) expectSame(contestants[0]!, one);
  return { feeds, contestants };
}

function expectSame(first: Contestant, other: Contestant): void {
  let [worst, largest] = [0, 1e-9];
  for (const [i, value] of first.result.entries()) {
    worst = Math.max(worst, Math.abs(value - other.result[i]!));
    largest = Math.max(largest, Math.abs(value));
  }
  if (!(worst < 1e-4 * largest) || first.result.length !== other.result.length)
    throw new Error(`${other.name} differs from ${first.name} by ${worst} of ${largest}`);
}

async function measure(shape: Shape, rounds: number, optimization: "basic" | "all") {
  const s = sizesOf(shape);
  const groups = [{ forward }, inputForms, weightForms];
  const entered = await Promise.all(groups.map((forms) => contest(s, forms, optimization)));
  for (let round = 0; round < rounds; round++)
    for (const { feeds, contestants } of entered)
      for (const one of contestants) {
        const start = performance.now();
        await one.session.run(feeds);
        one.best = Math.min(one.best, performance.now() - start);
      }
  const line = entered.map(({ contestants }) =>
    contestants
      .toSorted((a, b) => a.best - b.best)
      .map(({ name, best }) => `${name} ${best.toFixed(2)}`)
      .join("  "),
  );
  console.log(`${s.name.padEnd(18)} ${line[0]}\n    dx: ${line[1]}\n    dw: ${line[2]}`);
  for (const { contestants } of entered)
    for (const { session } of contestants) await session.release();
}

const [rounds = "15", optimization = "basic", only] = process.argv.slice(2);
if (optimization !== "basic" && optimization !== "all") throw new Error(`no level ${optimization}`);
for (const shape of shapes)
  if (!only || only.split(",").some((part) => shape.name.includes(part)))
    await measure(shape, Number(rounds), optimization);
