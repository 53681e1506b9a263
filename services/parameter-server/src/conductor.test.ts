import { sumsOf } from "@amaas/metrics";
import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Evaluation } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { areaMetrics, metricsOfTask } from "@amaas/spec";
import { expect, test } from "vitest";
import { Conductor, type History, type Move, nextMove } from "./conductor.ts";
import { divide } from "./orders.ts";
import type { Plan } from "./plan.ts";
import { type Rules, standingOf } from "./standing.ts";
import { noSeries } from "./step-series.ts";

const sums = sumsOf({ task: "classification", classes: 2 });
/** A loss, and five samples of which four are right: 2 + 2 on the diagonal of the confusion matrix. */
const evaluated = (loss: number) =>
  sums.flatMap(({ name, length }) => {
    if (name === "confusion") return [2, 1, 0, 2];
    return Array<number>(length).fill(name === "loss" ? loss : 0);
  });

const plan: Plan = {
  task: "classification",
  leaves: 2,
  stepsPerEpoch: 2,
  totalSteps: 4,
  sums,
  validationRows: 10,
  testRows: 10,
};

const names = {
  [Pass.UNSPECIFIED]: "",
  [Pass.TRAINING]: "train",
  [Pass.VALIDATION]: "validate",
  [Pass.TEST]: "test",
};
const start = { step: 0, closed: false };

/** Plays the workers: answers every move and applies every training step. */
function play(conductor: Conductor, from: number): string[] {
  const told: string[] = [];
  let step = from;
  for (let move: Move | undefined = conductor.move; move; move = conductor.move) {
    told.push(`${names[move.pass]} ${move.version}`);
    for (const leaf of [1, 0, 1])
      conductor.add({
        ...move,
        level: 0,
        index: leaf,
        samples: 5,
        values: move.pass === Pass.TRAINING ? [leaf + 1] : evaluated(leaf + 1),
      });
    if (move.pass === Pass.TRAINING) step += 1;
    conductor.advance(step);
  }
  return told;
}

test("a job is steps, a validation after each epoch, and one test", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [], series: noSeries() }, start);
  expect(play(conductor, 0)).toEqual([
    "train 0",
    "train 1",
    "validate 2",
    "train 2",
    "train 3",
    "validate 4",
    "test 4",
  ]);
  expect(conductor.history.losses).toEqual([0.3, 0.3, 0.3, 0.3]);
  expect(conductor.history.evaluations.at(-1)).toMatchObject({
    split: "test",
    metrics: {
      loss: 0.3,
      accuracy: 0.8,
      balancedAccuracy: (4 / 6 + 1) / 2,
      "confusion/0/0": 4,
      "confusion/0/1": 2,
      "confusion/1/0": 0,
      "confusion/1/1": 4,
    },
  });
});

test("before the last step the main metrics are kept, the confusion matrix only of the test", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [], series: noSeries() }, start);
  play(conductor, 0);
  const [first, last, tested] = conductor.history.evaluations.map(({ metrics }) => metrics);
  expect(Object.keys(first ?? {}).sort()).toEqual(["accuracy", "f1Macro", "loss"]);
  const untold = ["topKAccuracy", ...areaMetrics];
  const scalars = metricsOfTask("classification").filter((name) => !untold.includes(name));
  expect(Object.keys(last ?? {}).sort()).toEqual(scalars.toSorted());
  expect(Object.keys(tested ?? {})).toHaveLength(scalars.length + 4);
});

test("a step has one sum, an evaluation all of them, and others are refused", () => {
  const at = { level: 0, index: 0, version: 0, samples: 5 };
  const conductor = new Conductor(plan, { losses: [], evaluations: [], series: noSeries() }, start);
  const add = (pass: Pass, values: number[]) => () => conductor.add({ ...at, pass, values });
  expect(add(Pass.TRAINING, [1])).not.toThrow();
  expect(add(Pass.TRAINING, evaluated(1))).toThrow("22 sums came where 1 were wanted");
  expect(add(Pass.VALIDATION, [1])).toThrow("1 sums came where 22 were wanted");
});

/** Of a job of three epochs, in which the second is the best and the patience one. */
function playGuided(from: { step: number; closed: boolean }, history: History) {
  const rules: Rules = {
    keep: "best",
    earlyStopping: { metric: "logLoss", patience: 1, minDelta: 0 },
  };
  const conductor = new Conductor({ ...plan, totalSteps: 8, rules }, history, from);
  const told: string[] = [];
  let { step } = from;
  for (let moves = 0; moves < 20; moves++) {
    const { move, guidance } = conductor;
    if (guidance)
      told.push(
        `${guidance.closing ? "close" : "step"} ${guidance.version}, keep ${guidance.keep}`,
      );
    if (guidance?.closing) {
      step += 1;
      conductor.close(step);
      continue;
    }
    if (!move) break;
    if (move.pass !== Pass.TRAINING) told.push(`${names[move.pass]} ${move.version}`);
    const logLoss = [3, 1, 2][move.version / 2 - 1] ?? 1;
    const values = sums.flatMap(({ name, length }) =>
      name === "confusion"
        ? [2, 1, 0, 2]
        : Array<number>(length).fill(name === "logLoss" ? logLoss : 0),
    );
    for (const index of [0, 1])
      conductor.add({
        ...move,
        level: 0,
        index,
        samples: 5,
        values: move.pass === Pass.TRAINING ? [1] : values,
      });
    if (move.pass === Pass.TRAINING) step += 1;
    conductor.advance(step);
  }
  return { told, conductor };
}

const guidedJob = [
  ...["step 0, keep 0", "step 1, keep 0", "validate 2", "step 2, keep 2", "step 3, keep 2"],
  ...["validate 4", "step 4, keep 4", "step 5, keep 4", "validate 6"],
  ...["close 6, keep 4", "test 7"],
];

test("a guided job is told which weights to keep, ends early, and is tested on those it keeps", () => {
  const { told, conductor } = playGuided(start, {
    losses: [],
    evaluations: [],
    series: noSeries(),
  });
  expect(told).toEqual(guidedJob);
  expect(conductor.totalSteps).toBe(6);
  expect(conductor.ending).toEqual({
    version: 7,
    keptStep: 4,
    keptEpoch: 2,
    reason:
      "stopped after epoch 3: no better validation logLoss for an epoch; " +
      "the weights of epoch 2 are kept, the best by validation logLoss",
  });
  const { evaluations } = conductor.history;
  expect(evaluations.map(({ step, split }) => `${split} ${step}`)).toEqual([
    ...["validation 2", "validation 4", "validation 6", "test 4"],
  ]);
  // Every metric of what is kept, and of the others those that are looked at.
  const counts = evaluations.map(({ metrics }) => Object.keys(metrics).length);
  const scalars = metricsOfTask("classification").length - areaMetrics.length - 1;
  expect(counts).toEqual([4, scalars, 4, scalars + 4]);
});

test("a lead that begins again anywhere in a guided job decides the same", () => {
  const { conductor } = playGuided(start, { losses: [], evaluations: [], series: noSeries() });
  const { losses, evaluations } = conductor.history;
  for (const step of [1, 2, 3, 4, 5, 6]) {
    const known = evaluations.filter((one) => one.split === "validation" && one.step < step);
    const again = playGuided(
      { step, closed: false },
      { losses: losses.slice(0, step), evaluations: known, series: noSeries() },
    );
    const rest = step % 2 === 0 ? `validate ${step}` : `step ${step},`;
    const from = guidedJob.findIndex((told) => told.startsWith(rest));
    expect(again.told).toEqual(guidedJob.slice(from));
    expect(again.conductor.ending).toEqual(conductor.ending);
  }
  const validations = evaluations.slice(0, 3);
  const history = { losses, evaluations: validations, series: noSeries() };
  const closed = playGuided({ step: 7, closed: true }, history);
  expect(closed.told).toEqual(["test 7"]);
  expect(closed.conductor.ending).toEqual(conductor.ending);
});

test("a lead that begins again from a checkpoint repeats no evaluation and misses none", () => {
  const next = (evaluations: Evaluation[]) =>
    nextMove(plan, { step: 2, closed: false }, evaluations, standingOf({ keep: "last" }, []));
  expect(next([])).toEqual({ pass: Pass.VALIDATION, version: 2 });
  const validated = [{ step: 2, split: "validation", metrics: {} }];
  expect(next(validated)).toEqual({ pass: Pass.TRAINING, version: 2 });
  const conductor = new Conductor(
    plan,
    { losses: [1, 1], evaluations: validated, series: noSeries() },
    { step: 2, closed: false },
  );
  expect(play(conductor, 2)).toEqual(["train 2", "train 3", "validate 4", "test 4"]);
});

test("a training pass ends only when the step has been applied as well", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [], series: noSeries() }, start);
  for (const leaf of [0, 1])
    conductor.add({
      pass: Pass.TRAINING,
      version: 0,
      level: 0,
      index: leaf,
      samples: 1,
      values: [1],
    });
  expect(conductor.advance(0)).toBeUndefined();
  expect(conductor.advance(1)).toEqual({ samples: 2, values: [2] });
});

test("leaves are shared out in proportion to threads, in runs", () => {
  const hands = [
    { worker: "b", threads: 1 },
    { worker: "a", threads: 3 },
  ];
  expect(divide([0, 1, 2, 3, 4, 5, 6, 7], hands)).toEqual(
    new Map([
      ["a", [0, 1, 2, 3, 4, 5]],
      ["b", [6, 7]],
    ]),
  );
  expect(
    divide(
      [5],
      [
        { worker: "a", threads: 1 },
        { worker: "b", threads: 1 },
      ],
    ).size,
  ).toBe(1);
});
