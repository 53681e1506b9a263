/**
 * What an optimizer's update costs, against a copy that moves as many bytes: weights and slots are read and written,
 * the gradient is read. Chunk after chunk of a large vector, as a parameter server applies it, so that nothing is in a
 * cache that would not be there in a training. Beside them, what a root and a division cost by themselves.
 */
import { createOptimizer, type OptimizerSpec } from "@amaas/optim";
import { chunkRanges } from "@amaas/reduction";
import { compileLoopsApart } from "@amaas/service";
import { parseJobSpec } from "@amaas/spec";
import { rootsAndDivisions } from "./divider.ts";
import { benchOptions } from "./options.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

benchOptions();
compileLoopsApart();

const length = 8 * 1024 * 1024;
const rounds = 7;
/** In a round: a system may count processor time in ticks of some milliseconds. */
const passes = 10;
/** Of the time of the copy. */
const most = 2;
const chunks = chunkRanges(length);

const specs: readonly (readonly [name: string, spec: object])[] = [
  ["sgd", { type: "sgd", learningRate: 0.01 }],
  ["sgd, momentum", { type: "sgd", learningRate: 0.01, momentum: 0.9 }],
  ["adagrad", { type: "adagrad" }],
  ["rmsprop", { type: "rmsprop" }],
  ["rmsprop, centered, momentum", { type: "rmsprop", centered: true, momentum: 0.9 }],
  ["adam", { type: "adam" }],
  ["adam, amsgrad", { type: "adam", amsgrad: true }],
  ["adamw", { type: "adamw", weightDecay: 0.01 }],
  ["adamax", { type: "adamax" }],
  ["nadam", { type: "nadam" }],
  ["lion", { type: "lion" }],
  ["ftrl", { type: "ftrl", l1: 0.001 }],
  ["adam, clipped", { type: "adam", clipValue: 1 }],
];

function optimizerSpec(optimizer: object): OptimizerSpec {
  const data = { format: "csv", file: "rows.csv", label: "y" };
  const training = { epochs: 1, batchSize: 8, optimizer };
  const architecture = { type: "linear" };
  return parseJobSpec({ name: "bench", task: "regression", data, architecture, training }).training
    .optimizer;
}

/** A cheap sequence of numbers around 0, different in every place. */
const noise = (seed: number) =>
  Float32Array.from({ length }, (_, i) => (((i * 16_807 + seed) % 65_537) - 32_768) / 65_536);

interface Contender {
  readonly name: string;
  /** Read and written, in vectors as long as the weights. */
  readonly moved: number;
  work(): void;
  readonly times: number[];
  readonly copies: number[];
}

const from = noise(3);
const to = new Float32Array(length);

function updating([name, spec]: (typeof specs)[number]): Contender {
  const optimizer = createOptimizer(optimizerSpec(spec));
  const { weights, gradient, slots } = optimizer.reserve(length);
  weights.set(noise(1));
  gradient.set(from);
  const scalars = optimizer.advance(optimizer.scalars());
  const work = () => {
    for (const [at, end] of chunks)
      optimizer.update(
        {
          weights: weights.subarray(at, end),
          gradient: gradient.subarray(at, end),
          slots: slots.map((slot) => slot.subarray(at, end)),
        },
        4,
        scalars,
      );
  };
  return { name, moved: 2 * (1 + slots.length) + 1, work, times: [], copies: [] };
}

/** Milliseconds of processor time a pass, which waiting for a processor is no part of. */
function timed(work: () => void): number {
  const before = process.threadCpuUsage();
  for (let pass = 0; pass < passes; pass++) work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e3 / passes;
}

/** A copy of half a vector reads a half and writes one. */
function copy(moved: number): void {
  for (let left = moved; left > 0; left -= 2) {
    const part = left === 1 ? chunks.slice(0, chunks.length / 2) : chunks;
    for (const [at, end] of part) to.set(from.subarray(at, end), at);
  }
}

const contenders = specs.map(updating);
const divider = rootsAndDivisions();
const bare: number[] = [];
// Until what is compiled is compiled.
for (const each of contenders) for (let at = 0; at < 2; at++) timed(each.work);
for (let index = 0; index < rounds; index++) {
  tell(`round ${index + 1} of ${rounds}`);
  bare.push(timed(() => divider(length)));
  for (const each of contenders) {
    each.copies.push(timed(() => copy(each.moved)));
    each.times.push(timed(each.work));
  }
}

const found = contenders.map(({ name, moved, times, copies }) => {
  const [ms, copyMs] = [median(times), median(copies)];
  return { name, bytes: 4 * moved, ms, copyMs, ratio: ms / copyMs, times };
});
const ns = (ms: number) => ((ms * 1e6) / length).toFixed(2);
const costs = (ms: number, times: readonly number[]) => [
  ...[ms, Math.min(...times), Math.max(...times)].map(ns),
  String(round(length / ms / 1e3)),
];
printReport({
  bench: "optim",
  header: [
    "",
    "bytes moved",
    "ns a parameter",
    "lowest",
    "highest",
    "million/s",
    "copy, ns",
    "ratio",
  ],
  rows: [
    ...found.map(({ name, bytes, ms, copyMs, ratio, times }) => [
      ...[name, String(bytes), ...costs(ms, times), ns(copyMs), ratio.toFixed(2)],
    ]),
    ["a root and a division, bare", "", ...costs(median(bare), bare), "", ""],
  ],
  targets: found.map(({ name, ratio }) => ({
    what: `${name}, by the time of a copy`,
    wanted: `at most ${most}`,
    found: ratio.toFixed(2),
    met: ratio <= most,
  })),
  figures: { parameters: length, found, bare: median(bare) },
});
