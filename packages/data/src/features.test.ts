import { openSession } from "@amaas/engine";
import { printGraph, writeModel } from "@amaas/graph";
import type { RecordsSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Dataset,
  encodeNpy,
  type FittedFeatures,
  fitFeatures,
  type NpyType,
  readDataset,
} from "./index.ts";

type Cell = string | number | null;
type Rows = readonly Readonly<Record<string, Cell>>[];

const spec: RecordsSpec = {
  format: "json",
  file: "x.json",
  label: "y",
  columns: {},
  ignore: [],
  onBadRow: "fail",
};

function records(rows: Rows, columns: RecordsSpec["columns"] = {}): Promise<Dataset> {
  const labelled = rows.map((row, index) => ({ ...row, y: index % 2 }));
  return readDataset({ ...spec, columns }, "classification", async () =>
    Buffer.from(JSON.stringify(labelled)),
  );
}

function arrays(features: Tensor<NpyType>): Promise<Dataset> {
  const labels = Uint8Array.from({ length: features.shape[0] ?? 0 }, (_, row) => row % 2);
  const files = [encodeNpy(features), encodeNpy(tensor("UINT8", [labels.length], labels))];
  const names = { format: "arrays", features: "0", labels: "1" } as const;
  return readDataset(
    names,
    "classification",
    async (ref) => files[Number(ref)] ?? new Uint8Array(),
  );
}

const every = ({ rows }: Dataset) => Uint32Array.from({ length: rows }, (_, row) => row);

/** The features of a data set's rows, as onnxruntime computes them. */
async function run(
  { model, width }: FittedFeatures,
  inputs: Record<string, Tensor>,
): Promise<number[][]> {
  const session = await openSession(writeModel(model));
  try {
    const { features } = await session.run(inputs);
    if (features?.type !== "FP32") throw new Error("no features of float32");
    const { data, shape } = features;
    expect(shape[1]).toBe(width);
    const values = Array.from(data as Float32Array);
    return Array.from({ length: shape[0] ?? 0 }, (_, row) =>
      values.slice(row * width, (row + 1) * width),
    );
  } finally {
    await session.release();
  }
}

/** The same features in a few lines of TypeScript, float32 step by step. */
function expected(fit: Rows, rows: Rows): number[][] {
  const names = [...new Set(fit.flatMap((row) => Object.keys(row)))];
  const isText = (name: string) => fit.some((row) => typeof row[name] === "string");
  const numbers = names.filter((name) => !isText(name));
  const { fround } = Math;
  const seen = (name: string) => fit.map((row) => row[name] ?? null);
  const number = (name: string) => {
    const there = seen(name)
      .filter((cell) => cell !== null)
      .map(Number)
      .map(fround)
      .sort((a, b) => a - b);
    const middle = (there.length - 1) / 2;
    const median =
      there.length === 0
        ? 0
        : ((there[Math.floor(middle)] ?? 0) + (there[Math.ceil(middle)] ?? 0)) / 2;
    const fill = fround(median);
    const full = seen(name).map((cell) => (cell === null ? fill : fround(Number(cell))));
    const mean = full.reduce((sum, value) => sum + value, 0) / full.length;
    const variance = full.reduce((sum, value) => sum + (value - mean) ** 2, 0) / full.length;
    const varies = full.some((value) => value !== full[0]);
    return { fill, mean: fround(mean), deviation: varies ? fround(Math.sqrt(variance)) : 1 };
  };
  const scaled = (name: string, cell: Cell) => {
    const { fill, mean, deviation } = number(name);
    return fround(fround((cell === null ? fill : fround(Number(cell))) - mean) / deviation);
  };
  return rows.map((row) => [
    ...numbers.map((name) => scaled(name, row[name] ?? null)),
    ...numbers
      .filter((name) => seen(name).includes(null))
      .map((name) => Number((row[name] ?? null) === null)),
    ...names.filter(isText).flatMap((name) => [
      ...[...new Set(seen(name))]
        .filter((cell) => cell !== null)
        .sort()
        .map((cell) => Number(cell === row[name])),
      ...(seen(name).includes(null) ? [Number((row[name] ?? null) === null)] : []),
    ]),
  ]);
}

describe("columns", () => {
  const rows: Rows = [
    { mass: 3750, length: 39.1, island: "Dream", sex: "M" },
    { mass: 3800, length: null, island: "Biscoe", sex: "F" },
    { mass: 3250, length: 40.3, island: "Dream", sex: null },
    { mass: 4700, length: 36.7, island: "Töršavn", sex: "M" },
  ];

  test("become features that onnxruntime computes to the bit", async () => {
    const dataset = await records(rows);
    const fitted = fitFeatures(dataset, every(dataset));
    expect(fitted.width).toBe(2 + 1 + 3 + 3);
    expect(await run(fitted, dataset.tensors(every(dataset)))).toEqual(expected(rows, rows));
  });

  test("are written in plain operators", async () => {
    const dataset = await records(rows);
    expect(printGraph(fitFeatures(dataset, every(dataset)).model.graph)).toMatchInlineSnapshot(`
      "features(mass: FP32[rows, 1], length: FP32[rows, 1], island: BYTES[rows, 1], sex: BYTES[rows, 1])
        const const_0: FP32[1, 2]
        const const_1: FP32[1, 2]
        const const_2: FP32[1, 2]
        const const_4: BYTES[1, 3]
        const const_5: BYTES[1, 2]
        const const_6: BYTES[1, 10]
        concat_0    = Concat(mass, length, axis=1) : FP32[rows, 2]
        isnan_0     = IsNaN(concat_0) : BOOL[rows, 2]
        where_0     = Where(isnan_0, const_0, concat_0) : FP32[rows, 2]
        sub_0       = Sub(where_0, const_1) : FP32[rows, 2]
        div_0       = Div(sub_0, const_2) : FP32[rows, 2]
        gather_0    = Gather(isnan_0, [1], axis=1) : BOOL[rows, 1]
        cast_0      = Cast(gather_0, to=1) : FP32[rows, 1]
        equal_0     = Equal(island, const_4) : BOOL[rows, 3]
        cast_1      = Cast(equal_0, to=1) : FP32[rows, 3]
        equal_1     = Equal(sex, const_5) : BOOL[rows, 2]
        cast_2      = Cast(equal_1, to=1) : FP32[rows, 2]
        equal_2     = Equal(sex, const_6) : BOOL[rows, 10]
        cast_3      = Cast(equal_2, to=1) : FP32[rows, 10]
        reducemax_0 = ReduceMax(cast_3, [1], keepdims=1) : FP32[rows, 1]
        features    = Concat(div_0, cast_0, cast_1, cast_2, reducemax_0, axis=1) : FP32[rows, 9]
        return features: FP32[rows, 9]"
    `);
  });

  test("are fitted on the given rows alone, and any rows may follow", async () => {
    const later: Rows = [
      { mass: null, length: null, island: null, sex: null },
      { mass: 9e9, length: -1, island: "Nowhere", sex: "X" },
      { mass: 3750, length: 39.1, island: "Biscoe", sex: "F" },
    ];
    const dataset = await records([...rows, ...later]);
    const fitted = fitFeatures(dataset, Uint32Array.of(0, 1, 2, 3));
    const features = await run(fitted, dataset.tensors(Uint32Array.of(4, 5, 6)));
    expect(features).toEqual(expected(rows, later));
    // What never was missing has no flag for it, and a text that never was sets none.
    expect(features[0]?.slice(2)).toEqual([1, 0, 0, 0, 0, 0, 1]);
    expect(features[1]?.slice(2)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test("of requests may spell missing as the data may", async () => {
    const dataset = await records([{ t: "a" }, { t: null }]);
    const fitted = fitFeatures(dataset, every(dataset));
    const spelled = tensor("BYTES", [5, 1], ["", "NA", "null", "a", "na"]);
    expect(await run(fitted, { t: spelled })).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ]);
  });

  test("that do not vary become 0, whatever comes later", async () => {
    const constant: Rows = [
      { a: 0.1, b: 3e38, c: null },
      { a: 0.1, b: 3e38, c: null },
    ];
    const dataset = await records(constant, { c: { type: "number" } });
    const fitted = fitFeatures(dataset, every(dataset));
    expect(await run(fitted, dataset.tensors(every(dataset)))).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
    const column = (value: number) => tensor("FP32", [1, 1], Float32Array.of(value));
    const later = await run(fitted, { a: column(1.1), b: column(0), c: column(5) });
    expect(later.flat().every(Number.isFinite)).toBe(true);
  });

  test("of one kind need no other", async () => {
    for (const only of [
      [{ a: 1 }, { a: 2 }],
      [{ t: "x" }, { t: "y" }],
    ] satisfies Rows[]) {
      const dataset = await records(only);
      const fitted = fitFeatures(dataset, every(dataset));
      expect(await run(fitted, dataset.tensors(every(dataset)))).toEqual(expected(only, only));
    }
  });

  test("of any content agree with the plain computation", async () => {
    const cell = fc.option(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { freq: 4 });
    const text = fc.option(fc.constantFrom("a", "b", "ü", "c d", '"'), { freq: 4 });
    const row = fc.record({ p: cell, q: cell, t: text });
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(row, { minLength: 4, maxLength: 12 })
          .filter((all) => all.some(({ t }) => t !== null)),
        fc.array(row, { minLength: 1, maxLength: 4 }),
        async (fit, later) => {
          const dataset = await records([...fit, ...later], {
            p: { type: "number" },
            q: { type: "number" },
            t: { type: "text" },
          });
          const fitted = fitFeatures(dataset, Uint32Array.from(fit.keys()));
          const rest = Uint32Array.from(later, (_, index) => fit.length + index);
          expect(await run(fitted, dataset.tensors(rest))).toEqual(expected(fit, later));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("with too many different texts are refused", async () => {
    const dataset = await records(Array.from({ length: 1001 }, (_, row) => ({ id: `id${row}` })));
    expect(() => fitFeatures(dataset, every(dataset))).toThrow(
      'column "id" has 1001 different texts',
    );
  });

  test("without any value are refused", async () => {
    const dataset = await records([{ a: "x" }, { a: "y" }, { a: null }]);
    expect(fitFeatures(dataset, Uint32Array.of(2)).width).toBe(1);
    expect(() => fitFeatures(dataset, new Uint32Array())).toThrow("no column has a value");
  });
});

describe("arrays", () => {
  test("of floats pass as they are", async () => {
    const values = Float32Array.of(1.5, -2, 1e30, 0);
    const dataset = await arrays(tensor("FP32", [2, 2], values));
    const fitted = fitFeatures(dataset, every(dataset));
    expect(fitted.width).toBe(2);
    expect(await run(fitted, dataset.tensors(every(dataset)))).toEqual([
      [1.5, -2],
      [Math.fround(1e30), 0],
    ]);
  });

  test("of integers are brought within [-1, 1] by the largest of the given rows", async () => {
    const dataset = await arrays(tensor("UINT8", [3, 2], Uint8Array.of(0, 51, 102, 204, 255, 1)));
    const fitted = fitFeatures(dataset, Uint32Array.of(0, 1));
    const { fround } = Math;
    expect(await run(fitted, dataset.tensors(every(dataset)))).toEqual([
      [0, 0.25],
      [0.5, 1],
      [fround(255 / 204), fround(1 / 204)],
    ]);
    const signed = await arrays(tensor("INT32", [2, 1], Int32Array.of(-8, 4)));
    expect(await run(fitFeatures(signed, every(signed)), signed.tensors(every(signed)))).toEqual([
      [-1],
      [0.5],
    ]);
    const zeros = await arrays(tensor("INT64", [2, 1], BigInt64Array.of(0n, 0n)));
    expect(await run(fitFeatures(zeros, every(zeros)), zeros.tensors(every(zeros)))).toEqual([
      [0],
      [0],
    ]);
  });
});
