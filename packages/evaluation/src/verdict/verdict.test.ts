import { describe, expect, test } from "vitest";
import type { Facts } from "./finding.ts";
import { type RuleName, rules, verdictOf } from "./index.ts";

const near = (value: number, spread = 0.02) => ({
  value,
  low: value - spread,
  high: value + spread,
});

type Estimates = Facts["test"]["metrics"];

function split(name: Facts["test"]["split"], metrics: Estimates, rows = 500) {
  return { split: name, rows, scored: rows, metrics };
}

/** A model that nothing is to be said against: as good unseen as seen, settled, better than what is simple. */
const sound: Facts = {
  task: "classification",
  judge: "accuracy",
  isError: false,
  training: split("training", { loss: { value: 0.2 }, accuracy: { value: 0.95 } }),
  validation: split("validation", { loss: near(0.21), accuracy: near(0.94) }),
  test: split("test", {
    loss: near(0.22),
    accuracy: near(0.94),
    rocAuc: near(0.98, 0.01),
    matthews: near(0.85),
    calibrationError: near(0.02, 0.01),
  }),
  slices: [],
  baselines: [
    {
      name: "most frequent class",
      rows: 1000,
      metrics: { accuracy: 0.5, loss: 0.69 },
      gains: { accuracy: near(0.44) },
    },
    {
      name: "linear model",
      rows: 1000,
      metrics: { accuracy: 0.9, loss: 0.3 },
      gains: { accuracy: near(0.04) },
    },
  ],
  epochs: {
    training: [0.9, 0.4, 0.3, 0.25, 0.22, 0.21],
    validation: [0.8, 0.35, 0.212, 0.21, 0.211, 0.21],
  },
  classes: [
    { name: "a", rows: 250, predicted: 240 },
    { name: "b", rows: 250, predicted: 260 },
  ],
  confidence: 0.95,
};

const epochs = (validation: readonly number[], training: readonly number[] = []) => ({
  epochs: { training, validation },
});
const withLoss = (seen: number, unseen: number) => ({
  training: split("training", { loss: { value: seen } }),
  validation: split("validation", { loss: near(unseen) }),
});
const beaten = (low: number, high: number) => ({
  baselines: [
    {
      name: "linear model",
      rows: 1000,
      metrics: { accuracy: 0.9 },
      gains: { accuracy: { value: (low + high) / 2, low, high } },
    },
  ],
});
const slice = (value: string, accuracy: Estimates[string], rows = 60) => ({
  column: "Island",
  value,
  rows,
  small: rows < 20,
  metrics: { accuracy },
});
const tested = (metrics: Estimates) => ({
  test: { ...sound.test, metrics: { ...sound.test.metrics, ...metrics } },
});

interface Case {
  readonly of: Partial<Facts>;
  /** Nothing where the rule has nothing to say. */
  readonly says?: readonly [tone: string, sentence: RegExp];
}

const cases: { readonly [R in RuleName]: readonly Case[] } = {
  baseline: [
    {
      of: {},
      says: [
        "good",
        /^It beats the linear model, which has 0.9, by 0.04 in accuracy \(0.02 to 0.06\)/,
      ],
    },
    { of: beaten(-0.01, 0.02), says: ["bad", /^It is not surely better than the linear model/] },
    { of: beaten(-0.05, -0.02), says: ["bad", /^It is worse than the linear model, .* by 0.035/] },
    { of: { baselines: [] } },
  ],
  chance: [
    {
      of: tested({ rocAuc: near(0.52, 0.05) }),
      says: ["bad", /rocAuc on test rows is 0.52 \(0.47 to 0.57\), and guessing has 0.5/],
    },
    { of: tested({ r2: near(0.05, 0.1) }), says: ["bad", /r2 .* guessing has 0\./] },
    { of: {} },
  ],
  underfitting: [
    {
      of: withLoss(0.69, 0.7),
      says: [
        "bad",
        /^It underfits: its loss on training rows is 0.69, and the most frequent class alone has 0.69/,
      ],
    },
    { of: {} },
  ],
  overfitting: [
    {
      of: withLoss(0.02, 0.31),
      says: ["bad", /^It overfits: its loss is 0.31 \(0.29 to 0.33\) on validation rows and 0.02/],
    },
    { of: withLoss(0.2, 0.21), says: ["good", /^It does on rows it has not seen as/] },
    // Beyond the interval and yet no gap worth a word.
    { of: withLoss(0.2, 0.23), says: ["good", /^It does on rows/] },
    { of: { validation: split("validation", { loss: { value: 0.2 } }) } },
  ],
  rising: [
    {
      of: { ...epochs([0.5, 0.3, 0.25, 0.3, 0.4]), ...withLoss(0.1, 0.4) },
      says: ["bad", /lowest after epoch 3 of 5, 0.25, and rose to 0.4: early stopping would keep/],
    },
    {
      of: { ...epochs([0.5, 0.3, 0.25, 0.3, 0.4]), ...withLoss(0.2, 0.25) },
      says: ["note", /rose to 0.4; the weights of then are kept/],
    },
    { of: epochs([0.3, 0.2, 0.4]) },
    { of: {} },
  ],
  falling: [
    {
      of: epochs([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0.9, 0.8, 0.7, 0.6]),
      says: [
        "note",
        /still falling, from 0.8 to 0.5 over the last 3 epochs, the training loss from 0.9 to 0.6: more epochs/,
      ],
    },
    { of: epochs([0.9, 0.501, 0.5005, 0.5003, 0.5]) },
    { of: epochs([0.9, 0.6, 0.7, 0.6, 0.5]) },
    { of: {} },
  ],
  settled: [
    {
      of: {},
      says: [
        "good",
        /^The validation loss has settled at 0.21: .* within 0.952 %, and its best is 0.21 after epoch 4 of 6/,
      ],
    },
    { of: epochs([0.9, 0.8, 0.7, 0.6, 0.5]) },
    { of: epochs([0.3, 0.2]) },
  ],
  neverPredicted: [
    {
      of: {
        classes: [
          ...sound.classes,
          { name: "c", rows: 3, predicted: 0 },
          { name: "d", rows: 0, predicted: 0 },
        ],
      },
      says: ["bad", /^It never answers c \(3 rows\) on test rows/],
    },
    { of: {} },
  ],
  calibration: [
    {
      of: { ...tested({ calibrationError: near(0.12) }), confidence: 0.99 },
      says: [
        "note",
        /^It is too sure of itself: its mean confidence is 99 % and it is right in 94 %/,
      ],
    },
    {
      of: { ...tested({ calibrationError: near(0.12) }), confidence: 0.8 },
      says: ["note", /^It is less sure than it could be/],
    },
    // Not for certain.
    { of: { ...tested({ calibrationError: near(0.06, 0.03) }), confidence: 0.99 } },
    { of: {} },
  ],
  weakSlice: [
    {
      of: {
        slices: [
          slice("Dream", near(0.8)),
          slice("Biscoe", near(0.9)),
          slice("Torgersen", near(0.5), 5),
        ],
      },
      says: [
        "bad",
        /^It is weakest where Island Dream \(60 rows\): accuracy 0.8 \(0.78 to 0.82\) against 0.94 of all/,
      ],
    },
    { of: { slices: [slice("Dream", near(0.93))] } },
    { of: { slices: [slice("Dream", near(0.99))] } },
  ],
  testDiffers: [
    { of: tested({ loss: near(0.4) }), says: ["note", /loss 0.4 \(0.38 to 0.42\) against 0.21/] },
    { of: {} },
  ],
  fewTestRows: [
    {
      of: { test: { ...sound.test, scored: 52 } },
      says: ["note", /only 52 rows to judge by: accuracy is 0.94/],
    },
    { of: {} },
  ],
};

describe.each(Object.entries(cases))("%s", (rule, each) => {
  test.each(each)("case %#", ({ of, says }) => {
    const said = rules[rule as RuleName]({ ...sound, ...of });
    if (says === undefined) return expect(said).toBeUndefined();
    expect(said?.tone).toBe(says[0]);
    expect(said?.sentence).toMatch(says[1]);
  });
});

test("a sound model: reasons to trust it, in the order of the rules", () => {
  const verdict = verdictOf(sound);
  expect(verdict.map(({ rule, tone }) => `${rule} ${tone}`)).toEqual([
    "baseline good",
    "overfitting good",
    "settled good",
  ]);
});

test("of an error, less is better", () => {
  const error = {
    ...sound,
    judge: "rmse",
    isError: true,
    ...tested({ rmse: near(2) }),
    slices: [
      { ...slice("Dream", near(0)), metrics: { rmse: near(1) } },
      { ...slice("Biscoe", near(0)), metrics: { rmse: near(3) } },
    ],
    baselines: [4, 3].map((rmse) => ({
      name: `rmse ${rmse}`,
      rows: 9,
      metrics: { rmse },
      gains: { rmse: near(rmse - 2) },
    })),
  } satisfies Facts;
  expect(rules.weakSlice(error)?.sentence).toMatch(/Island Biscoe/);
  expect(rules.baseline(error)?.sentence).toMatch(/^It beats the rmse 3/);
});
