import { expect, test } from "vitest";
import { evaluationLeaf, trainingLeaf } from "./sampling.ts";

const sampling = { rows: 103, microBatch: 4, leaves: 3, stepsPerEpoch: 9, seed: 7 };

function epochRows(epoch: number): number[] {
  const rows: number[] = [];
  for (let step = 0; step < 9; step++) {
    for (let leaf = 0; leaf < 3; leaf++) {
      rows.push(...trainingLeaf(sampling, epoch * 9 + step, leaf));
    }
  }
  return rows;
}

test("an epoch visits every row once, and each epoch in another order", () => {
  const ascending = Array.from({ length: 103 }, (_, row) => row);
  expect(epochRows(0).toSorted((a, b) => a - b)).toEqual(ascending);
  expect(epochRows(1).toSorted((a, b) => a - b)).toEqual(ascending);
  expect(epochRows(0)).not.toEqual(epochRows(1));
  expect(epochRows(0)).toEqual(epochRows(0));
});

test("an evaluation visits every row once, whatever the number of leaves", () => {
  for (const leaves of [1, 3, 8, 40]) {
    const rows: number[] = [];
    for (let leaf = 0; leaf < leaves; leaf++) {
      for (const samples of evaluationLeaf({ rows: 103, microBatch: 4, leaves }, leaf))
        rows.push(...samples);
    }
    expect(rows).toEqual(Array.from({ length: 103 }, (_, row) => row));
  }
});
