import { sumsOf } from "@amaas/metrics";
import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { metricsOfTask } from "@amaas/spec";
import { expect, test } from "vitest";
import { Conductor, type Move, nextMove, type Plan } from "./conductor.ts";
import { divide } from "./orders.ts";

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

/** Plays the workers: answers every move and applies every training step. */
function play(conductor: Conductor, from: number): string[] {
  const names = { [Pass.TRAINING]: "train", [Pass.VALIDATION]: "validate", [Pass.TEST]: "test" };
  const told: string[] = [];
  let step = from;
  for (let move: Move | undefined = conductor.move; move; move = conductor.move) {
    told.push(`${names[move.pass as 1 | 2 | 3]} ${move.version}`);
    for (const leaf of [1, 0, 1])
      conductor.add({
        ...move,
        ...{ level: 0, index: leaf, samples: 5 },
        values: move.pass === Pass.TRAINING ? [leaf + 1] : evaluated(leaf + 1),
      });
    if (move.pass === Pass.TRAINING) step += 1;
    conductor.advance(step);
  }
  return told;
}

test("a job is steps, a validation after each epoch, and one test", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [] }, 0);
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
      ...{ loss: 0.3, accuracy: 0.8, balancedAccuracy: (4 / 6 + 1) / 2 },
      ...{ "confusion/0/0": 4, "confusion/0/1": 2, "confusion/1/0": 0, "confusion/1/1": 4 },
    },
  });
});

test("before the last step the main metrics are kept, the confusion matrix only of the test", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [] }, 0);
  play(conductor, 0);
  const [first, last, tested] = conductor.history.evaluations.map(({ metrics }) => metrics);
  expect(Object.keys(first ?? {}).sort()).toEqual(["accuracy", "f1Macro", "loss"]);
  const scalars = metricsOfTask("classification").filter((name) => name !== "topKAccuracy");
  expect(Object.keys(last ?? {}).sort()).toEqual(scalars.toSorted());
  expect(Object.keys(tested ?? {})).toHaveLength(scalars.length + 4);
});

test("a step has one sum, an evaluation all of them, and others are refused", () => {
  const at = { level: 0, index: 0, version: 0, samples: 5 };
  const conductor = new Conductor(plan, { losses: [], evaluations: [] }, 0);
  const add = (pass: Pass, values: number[]) => () => conductor.add({ ...at, pass, values });
  expect(add(Pass.TRAINING, [1])).not.toThrow();
  expect(add(Pass.TRAINING, evaluated(1))).toThrow("22 sums came where 1 were wanted");
  expect(add(Pass.VALIDATION, [1])).toThrow("1 sums came where 22 were wanted");
});

test("a lead that begins again from a checkpoint repeats no evaluation and misses none", () => {
  expect(nextMove(plan, 2, [])).toEqual({ pass: Pass.VALIDATION, version: 2 });
  const validated = [{ step: 2, split: "validation", metrics: {} }];
  expect(nextMove(plan, 2, validated)).toEqual({ pass: Pass.TRAINING, version: 2 });
  const conductor = new Conductor(plan, { losses: [1, 1], evaluations: validated }, 2);
  expect(play(conductor, 2)).toEqual(["train 2", "train 3", "validate 4", "test 4"]);
});

test("a training pass ends only when the step has been applied as well", () => {
  const conductor = new Conductor(plan, { losses: [], evaluations: [] }, 0);
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
