import { openSession, type Session } from "@amaas/engine";
import { type GraphBuilder, graphBuilder, writeModel } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { rowsTogether } from "./rows-alone.ts";

type Value = Parameters<GraphBuilder["neg"]>[0];

/** A model of x, FP32 [rows, 3]. */
async function verdict(make: (g: GraphBuilder, x: Value) => Value): Promise<string | undefined> {
  const g = graphBuilder("tried");
  g.output("y", make(g, g.input("x", "FP32", ["rows", 3])));
  return verdictOn(await openSession(writeModel(g.model())));
}

async function verdictOn(session: Session): Promise<string | undefined> {
  try {
    return await rowsTogether(session);
  } finally {
    await session.release();
  }
}

const weights = tensor(
  "FP32",
  [3, 64],
  Float32Array.from({ length: 192 }, (_, at) => Math.sin(at)),
);

test("layers look at rows alone", async () => {
  expect(
    await verdict((g, x) => g.softmax(g.matMul(x, g.initializer("w", weights)))),
  ).toBeUndefined();
});

test.each<[string, (g: GraphBuilder, x: Value) => Value]>([
  ["a mean over rows", (g, x) => g.sub(x, g.reduceMean(x, [0], { keepdims: true }))],
  ["a softmax over rows", (g, x) => g.softmax(x, 0)],
  [
    "a running sum over rows",
    (g, x) =>
      g.node("CumSum", [x, g.initializer("axis", tensor("INT64", [], BigInt64Array.of(0n)))]),
  ],
])("%s is told", async (_, make) => {
  expect(await verdict(make)).toMatch(/depends on those beside it: output 'y' is/);
});

test("rows that are sorted are told, whichever way they happen to lie", async () => {
  const sorted = (largest: 0 | 1) => (g: GraphBuilder, x: Value) => {
    const rows = g.node("Shape", [x], { start: 0, end: 1 });
    return g.node("TopK", [x, rows], { axis: 0, largest }, { outputs: 2 })[0]!;
  };
  for (const largest of [0, 1] as const)
    expect(await verdict(sorted(largest))).toMatch(/depends on those beside it/);
});

test("a model that adds its rows up has no rows to divide", async () => {
  expect(await verdict((g, x) => g.reduceMean(x, [0], { keepdims: true }))).toMatch(
    /not all inputs and outputs begin with the same dimension, left open|does not keep rows apart/,
  );
});

test("text and whole numbers are compared as they are; sizes besides the rows are guessed", async () => {
  const g = graphBuilder("echo");
  g.output("text", g.identity(g.input("text_in", "BYTES", ["rows", 2])));
  g.output("same", g.identity(g.input("count_in", "INT64", ["rows", "length"])));
  // Eight columns at least.
  const kernel = tensor("FP32", [1, 1, 8], new Float32Array(8).fill(1));
  g.output(
    "sum",
    g.node("Conv", [g.input("signal", "FP32", ["rows", 1, "time"]), g.initializer("k", kernel)]),
  );
  expect(await verdictOn(await openSession(writeModel(g.model())))).toBeUndefined();
});

test("a model of fixed size has no rows", async () => {
  const g = graphBuilder("fixed");
  g.output("y", g.neg(g.input("x", "FP32", [1, 3])));
  expect(await verdictOn(await openSession(writeModel(g.model())))).toMatch(
    /the same dimension, left open/,
  );
});

test("as many rows as there are by chance are told, since other numbers make others", async () => {
  // Random numbers are above 0, so that every row is picked; of zeros none is.
  const positive = (g: GraphBuilder, x: Value) => {
    const sums = g.reduceSum(x, [1], { keepdims: false });
    return g.node("Compress", [x, g.greater(sums, g.scalar(0, sums))], { axis: 0 });
  };
  expect(await verdict(positive)).toMatch(/does not keep rows apart/);
});

test("inputs whose first dimensions have different names count different things", async () => {
  const g = graphBuilder("pairs");
  const [x, y] = [g.input("x", "FP32", ["users", 2]), g.input("y", "FP32", ["items", 2])];
  g.output("z", g.matMul(x, g.transpose(y)));
  expect(await verdictOn(await openSession(writeModel(g.model())))).toMatch(/the same dimension/);
});
