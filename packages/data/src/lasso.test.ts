import { expect, test } from "vitest";
import { lasso } from "./lasso.ts";

/** Numbers without a pattern, of a deviation each its own; the last column does not vary. */
const width = 5;
const rows = 60;
const x = Array.from({ length: rows }, (_, row) =>
  [7, 11, 13, 17].map((step, column) => (((row * row + 3) * step) % 29) * (column + 1)).concat(4),
);
const y = x.map(([a = 0, b = 0, c = 0], row) => a - 2 * b + 0.5 * c + (row % 5));

async function* blocks() {
  yield Float32Array.from(x.slice(0, 25).flat());
  yield Float32Array.from(x.slice(25).flat());
}

/** As scikit-learn's Lasso has them, with alpha a twentieth of the least that leaves nothing. */
test("a number's weights are those of scikit-learn", async () => {
  const found = await lasso(blocks, width, { kind: "value", values: Float32Array.from(y) });
  const wanted: number[] = [0.22981707, 0.84754601, 0.27029532, 0.0, 0.0];
  for (const [column, weight] of wanted.entries()) expect(found[column]).toBeCloseTo(weight, 5);
});

test("of classes, a feature is worth what it is to the class that it tells most of", async () => {
  const values = Int32Array.from(y, (value) => (value < -60 ? 0 : value < 0 ? 1 : 2));
  const found = await lasso(blocks, width, { kind: "class", classes: ["a", "b", "c"], values });
  const wanted: number[] = [0.23478796, 0.74320527, 0.46437687, 0.08982327, 0.0];
  for (const [column, weight] of wanted.entries()) expect(found[column]).toBeCloseTo(weight, 5);
});

test("more features than can be compared are refused", async () => {
  const labels = { kind: "value", values: Float32Array.from(y) } as const;
  await expect(lasso(blocks, 2049, labels)).rejects.toThrow("at most 2048, found 2049");
});
