import { openSession } from "@amaas/engine";
import { writeModel } from "@amaas/graph";
import { hashKey, uniform } from "@amaas/random";
import { describe, expect, test } from "vitest";
import { encodeRows, type Given } from "./encoders/encoders.fixture.ts";
import { type FittedFeatures, labelsAt, selectFeatures } from "./index.ts";
import { informationOf } from "./mutual-information.ts";

/** Two columns that tell of the label, one that does not, one that does not vary, and ids. */
const fit = Array.from({ length: 240 }, (_, row) => ({
  half: (row % 2) * 3 + (row % 7 === 0 ? 1 : 0),
  noise: (row * 37) % 11,
  flat: 5,
  same: row % 2,
  kind: `k${row % 3}`,
  far: 1e6 + (row % 5),
}));
const given: Given = {
  fit,
  columns: {
    half: { type: "number", encode: { type: "scale", by: "none", missing: "median", log: false } },
    far: { type: "number", encode: { type: "scale", by: "none", missing: "median", log: false } },
    kind: { type: "text", encode: { type: "category" } },
  },
};

async function select(
  by: "variance" | "mutual-information",
  rest: { keep?: number; min?: number },
) {
  const { fitted, dataset, rows } = await encodeRows(given);
  const blocks = async function* () {
    for (let from = 0; from < rows.length; from += 100)
      yield Float32Array.from(rows.slice(from, from + 100).flat());
  };
  const labels = labelsAt(dataset.labels, Uint32Array.from(fit.keys()));
  const selection = await selectFeatures(fitted, { by, ...rest }, blocks, labels);
  const inputs = dataset.tensors(Uint32Array.of(0, 1, 100));
  return { ...selection, fitted, rows, run: () => featuresOf(selection.features, inputs) };
}

async function featuresOf(
  { model }: FittedFeatures,
  inputs: Parameters<Awaited<ReturnType<typeof openSession>>["run"]>[0],
) {
  const session = await openSession(writeModel(model));
  const { features } = await session.run(inputs);
  await session.release();
  return { shape: features?.shape, data: Array.from(features?.data ?? [], Number) };
}

describe("selection", () => {
  test("by variance drops what does not vary, and never ids", async () => {
    const { dropped, features, fitted, rows, run } = await select("variance", { min: 0.01 });
    expect(dropped).toEqual(["flat"]);
    const kept = fitted.names!.flatMap((name, column) => (name === "flat" ? [] : [column]));
    expect(features.names).toEqual(kept.map((column) => fitted.names![column]));
    expect(features.categories).toEqual([{ column: features.names!.indexOf("kind"), size: 4 }]);
    const wanted = [0, 1, 100].flatMap((row) => kept.map((column) => rows[row]![column]));
    expect(await run()).toEqual({ shape: [3, kept.length], data: wanted });
  });

  test("by mutual information keeps what tells of the label", async () => {
    const { features } = await select("mutual-information", { keep: 2 });
    expect([...features.names!].sort()).toEqual(["half", "kind", "same"]);
    const { dropped } = await select("mutual-information", { min: 0.9 });
    expect(dropped).toEqual(["noise", "flat", "far"]);
  });

  test("keeps as many as are wanted, also of those worth less than nothing", async () => {
    const draw = (row: number, column: number) => uniform(hashKey("noise", column), row);
    const noise = fit.map((_, row) => ({ a: draw(row, 0), b: draw(row, 1), c: draw(row, 2) }));
    const { fitted, rows } = await encodeRows({ fit: noise, columns: {} });
    const blocks = async function* () {
      yield Float32Array.from(rows.flat());
    };
    const labels = {
      kind: "value",
      values: Float32Array.from(noise.keys(), (r) => draw(r, 3)),
    } as const;
    const droppedBy = async (rest: { keep?: number; min?: number }) =>
      (await selectFeatures(fitted, { by: "permutation", ...rest }, blocks, labels)).dropped;
    expect(await droppedBy({ min: 0 })).not.toEqual([]);
    expect(await droppedBy({ keep: 3 })).toEqual([]);
  });

  test("that leaves nothing is refused", async () => {
    const { fitted, dataset } = await encodeRows({
      fit: fit.map(({ noise }) => ({ noise })),
      columns: {},
    });
    const blocks = async function* () {
      yield new Float32Array(fit.length);
    };
    await expect(
      selectFeatures(fitted, { by: "variance", min: 2 }, blocks, dataset.labels),
    ).rejects.toThrow("features.select.min: no feature is worth 2, the best one 0");
  });

  test("of samples that have a shape is refused", async () => {
    const { fitted, dataset } = await encodeRows({
      fit: [{ t: "a b" }, { t: "a b" }],
      columns: { t: { type: "text", encode: { type: "tokens", words: 2, vocabulary: 9 } } },
    });
    const none = async function* () {};
    await expect(
      selectFeatures(fitted, { by: "variance", keep: 1 }, none, dataset.labels),
    ).rejects.toThrow("samples are seen as [2]");
  });
});

/** As scikit-learn's mutual_info_score has them, over log(2). */
test.each([
  [[5, 0, 0, 5], 2, 1],
  [[5, 5, 5, 5], 2, 0],
  [[10, 2, 3, 7, 0, 4], 2, 0.3610316133812628],
  [[1, 2, 3, 4, 5, 6, 70, 8, 9], 3, 0.16211722767718365],
])("counts %j in %i classes tell %d bits", (counts, classes, bits) => {
  expect(informationOf(counts, classes)).toBeCloseTo(bits, 12);
});
