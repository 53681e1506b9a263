/** Features of a few rows by way of the engine, for tests of encoders. */
import { openSession } from "@amaas/engine";
import { writeModel } from "@amaas/graph";
import type { ColumnSpec, CrossSpec, EncodeSpec, RecordsSpec, Task } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";
import { expect } from "vitest";
import { type Dataset, type FittedFeatures, fitFeatures, readDataset } from "../index.ts";

export type Cell = string | number | null;
export type Rows = readonly Readonly<Record<string, Cell>>[];

const spec: RecordsSpec = {
  format: "json",
  file: "x.json",
  label: "y",
  columns: {},
  ignore: [],
  onBadRow: "fail",
};

export interface Given {
  readonly fit: Rows;
  /** Rows that come later. */
  readonly later?: Rows;
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  readonly crosses?: readonly CrossSpec[];
  /** Of the rows to fit on; 0 and 1 in turn where left out. */
  readonly labels?: readonly (number | string)[];
  readonly task?: Task;
}

export interface Encoded {
  readonly fitted: FittedFeatures;
  readonly dataset: Dataset;
  /** Of the rows to fit on, then of the later ones. */
  readonly rows: readonly (readonly number[])[];
}

/** A column `x` of texts or numbers. */
export async function encodeColumn(
  encode: EncodeSpec,
  cells: readonly Cell[],
  later: readonly Cell[] = [],
  rest: Pick<Given, "labels" | "task"> = {},
): Promise<Encoded> {
  const type = [...cells, ...later].some((cell) => typeof cell === "string") ? "text" : "number";
  return encodeRows({
    fit: cells.map((x) => ({ x })),
    later: later.map((x) => ({ x })),
    columns: { x: { type, encode } },
    ...rest,
  });
}

export async function encodeRows(given: Given): Promise<Encoded> {
  const { fit, later = [], columns, crosses = [], labels, task = "classification" } = given;
  const all = [...fit, ...later].map((row, index) => ({ ...row, y: labels?.[index] ?? index % 2 }));
  const dataset = await readDataset({ ...spec, columns }, task, async () =>
    Buffer.from(JSON.stringify(all)),
  );
  const fitted = fitFeatures(dataset, Uint32Array.from(fit.keys()), { columns, crosses });
  const run = await opened(fitted);
  try {
    const rows = await run(dataset.tensors(Uint32Array.from(all.keys())));
    // A row has the same bits alone as among others.
    for (const [index, row] of rows.entries()) {
      const [alone] = await run(dataset.tensors(Uint32Array.of(index)));
      expect(alone, `row ${index} alone`).toEqual(row);
    }
    return { fitted, dataset, rows };
  } finally {
    await run.release();
  }
}

/** Computes features, row by row. */
async function opened({ model, width, names }: FittedFeatures) {
  const session = await openSession(writeModel(model));
  const run = async (inputs: Record<string, Tensor>): Promise<number[][]> => {
    const { features } = await session.run(inputs);
    if (!(features?.data instanceof Float32Array)) throw new Error("no features of float32");
    expect([features.shape[1], names?.length]).toEqual([width, width]);
    const values = Array.from(features.data);
    return Array.from({ length: features.shape[0]! }, (_, row) =>
      values.slice(row * width, (row + 1) * width),
    );
  };
  return Object.assign(run, { release: () => session.release() });
}
