import { expect, test } from "vitest";
import { constantsOf } from "./constant.ts";

const labels = Float32Array.of(5, 1, 2, 3, 9);

test.each([
  [{ type: "mse" }, [["mean of the labels", 4]]],
  [
    { type: "mae" },
    [
      ["median of the labels", 3],
      ["mean of the labels", 4],
    ],
  ],
  [
    { type: "quantile", quantile: 0.75 },
    [
      ["0.75 quantile of the labels", 5],
      ["median of the labels", 3],
    ],
  ],
] as const)("numbers under %j", (loss, wanted) => {
  const found = constantsOf(loss, labels, 1).map(({ name, outputs }) => [name, outputs[0]]);
  expect(found).toEqual(wanted);
});

test("classes: scores whose softmax is the share of each, one that is not there half a row", () => {
  const loss = { type: "cross-entropy", labelSmoothing: 0 } as const;
  const [three] = constantsOf(loss, Int32Array.of(0, 0, 0, 1), 3);
  const shares = three!.outputs.map((score) => Math.exp(score));
  [0.75, 0.25, 0.125].forEach((share, at) => {
    expect(shares[at]).toBeCloseTo(share, 12);
  });
  const [one] = constantsOf(loss, Int32Array.of(0, 0, 0, 1), 1);
  expect(1 / (1 + Math.exp(-one!.outputs[0]!))).toBeCloseTo(0.25, 12);
});
