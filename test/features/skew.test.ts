/**
 * No skew between training and serving: the features that a network was trained on are those that it is served
 * with, to the bit, for rows of real data sets, alone or among others, and for cells that no training row had.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Dataset, fitFeatures, readDataset, splitRows } from "@amaas/data";
import { openSession, type Session } from "@amaas/engine";
import { modelOf, readModel, withInitializers, writeModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout, networkSize, servingGraph } from "@amaas/nn";
import { isRecords, type JobSpec, parseJobSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

interface Case {
  readonly file: string;
  readonly spec: object;
}

const rest = {
  architecture: { type: "linear" },
  training: { epochs: 1, batchSize: 32, optimizer: { type: "adam" } },
};
const examples = fileURLToPath(new URL("../../packages/examples/", import.meta.url));
const vega = (name: string) => `${examples}node_modules/vega-datasets/data/${name}`;

const cases: Readonly<Record<string, Case>> = {
  "penguins, of which nothing is said": {
    file: vega("penguins.json"),
    spec: { task: "classification", data: { format: "json", label: "Species" } },
  },
  "penguins, numbers in every way": {
    file: vega("penguins.json"),
    spec: {
      task: "classification",
      data: {
        format: "json",
        label: "Species",
        columns: {
          "Beak Length (mm)": {
            type: "number",
            encode: { type: "scale", by: "robust", missing: "mean", log: true },
          },
          "Beak Depth (mm)": {
            type: "number",
            encode: { type: "scale", by: "min-max", min: 14, max: 20, missing: 17.25 },
          },
          "Flipper Length (mm)": { type: "number", encode: { type: "buckets", count: 7 } },
          "Body Mass (g)": { type: "number", encode: { type: "buckets", as: "ordinal" } },
          Island: { type: "text", encode: { type: "ordinal" } },
          Sex: { type: "text", encode: { type: "category" } },
        },
      },
      features: {
        crosses: [{ columns: ["Island", "Sex"] }, { columns: ["Island", "Body Mass (g)"] }],
      },
    },
  },
  "flights, dates and airports": {
    file: vega("flights-2k.json"),
    spec: {
      task: "regression",
      data: {
        format: "json",
        label: "delay",
        columns: {
          date: { type: "text", encode: { type: "cycles" } },
          origin: { type: "text", encode: { type: "target" } },
          destination: { type: "text", encode: { type: "hash", buckets: 64 } },
          distance: { type: "number", encode: { type: "scale", log: true } },
        },
      },
      features: { crosses: [{ columns: ["origin", "distance"], buckets: 128 }] },
    },
  },
  "collisions with birds, in words": {
    file: vega("birdstrikes.csv"),
    spec: {
      task: "regression",
      data: {
        format: "csv",
        label: "Speed IAS in knots",
        onBadRow: "skip",
        columns: {
          "Wildlife Species": { type: "text", encode: { type: "tf-idf", terms: 150 } },
          "Airport Name": { type: "text", encode: { type: "hash", as: "category" } },
          "Flight Date": { type: "text", encode: { type: "cycles" } },
        },
      },
    },
  },
  "collisions with birds, read in order": {
    file: vega("birdstrikes.csv"),
    spec: {
      task: "regression",
      data: {
        format: "csv",
        label: "Speed IAS in knots",
        onBadRow: "skip",
        include: ["Airport Name"],
        columns: {
          "Airport Name": { type: "text", encode: { type: "tokens", words: 4, vocabulary: 300 } },
        },
      },
    },
  },
};

/** As prepare fits and runs it, and as it is served. */
interface Fitted {
  readonly spec: JobSpec;
  readonly dataset: Dataset;
  readonly inTraining: Session;
  readonly served: Session;
  readonly servedInputs: readonly string[];
}

async function fit({ file, spec: given }: Case): Promise<Fitted> {
  const document = { name: "skew", ...rest, ...given };
  const spec = parseJobSpec({
    ...document,
    data: { file: "f", ...("data" in given && Object(given.data)) },
  });
  const dataset = await readDataset(spec.data, spec.task, async () => readFile(file));
  const { training } = splitRows({ rows: dataset.rows, split: spec.split, labels: dataset.labels });
  const columns = isRecords(spec.data) ? spec.data.columns : {};
  const features = fitFeatures(dataset, training, {
    columns,
    crosses: spec.features?.crosses ?? [],
  });
  const { labels } = dataset;
  const classes = labels.kind === "class" ? labels.classes : [];
  const aim = { task: spec.task, loss: spec.training.loss };
  const network = buildNetwork(
    spec.architecture,
    networkSize(aim, { ...features, classes: classes.length }),
  );
  const serving = servingGraph(features.model, network, { task: spec.task, classes });
  const values = initialValues(network.parameters, 0);
  const weights = layout(network.parameters).map(({ name, shape, offset }): [string, Tensor] => {
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, tensor("FP32", shape, values.subarray(offset, offset + length))];
  });
  // Through the file that is registered, with the features as what it puts out.
  const { graph } = readModel(writeModel(withInitializers(serving, new Map(weights))));
  const outputs = [{ name: "features", type: "FP32" as const, shape: ["n", features.width] }];
  return {
    spec,
    dataset,
    inTraining: await openSession(writeModel(features.model)),
    served: await openSession(writeModel(modelOf({ ...graph, outputs }))),
    servedInputs: graph.inputs.map(({ name }) => name),
  };
}

async function features(session: Session, inputs: Record<string, Tensor>): Promise<Float32Array> {
  const { features: found } = await session.run(inputs);
  if (found?.data instanceof Float32Array) return found.data;
  throw new Error("no features of float32");
}

const oddTexts = [
  "",
  "NA",
  "n/a",
  "Atlantis",
  " ",
  "2024-02-30",
  "2001/01/01 06:55",
  "2000-02-29T23:59",
  "日本 ǘ 🐧",
  "x".repeat(9000),
];
const oddNumbers = [Number.NaN, 0, -0, 1e-45, -1e30, 3.4e38, 18.5, 10_957.999];

/** Rows of a data set, some of their cells replaced by odd ones. */
function rowsOf({ rows, inputs }: Dataset): fc.Arbitrary<{ rows: number[]; odd: number[][] }> {
  const row = fc.nat({ max: rows - 1 });
  // Of each cell, whether and by which odd value it is replaced.
  const cells = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, fc.nat({ max: 7 })), {
    minLength: inputs.length,
    maxLength: inputs.length,
  });
  return fc
    .array(fc.tuple(row, cells), { minLength: 1, maxLength: 40 })
    .map((all) => ({ rows: all.map(([each]) => each), odd: all.map(([, odd]) => odd) }));
}

function cellsOf(dataset: Dataset, { rows, odd }: { rows: number[]; odd: number[][] }) {
  const raw = dataset.tensors(Uint32Array.from(rows));
  const names = dataset.inputs.map(({ name }) => name);
  return Object.fromEntries(
    names.map((name, column) => {
      const { data, shape } = raw[name]!;
      if (!(Array.isArray(data) || data instanceof Float32Array)) throw new Error(`${name} is odd`);
      const at = (row: number) => odd[row]![column]!;
      return Array.isArray(data)
        ? [
            name,
            tensor(
              "BYTES",
              shape,
              data.map((text, row) => oddTexts[at(row)] ?? text),
            ),
          ]
        : [
            name,
            tensor(
              "FP32",
              shape,
              Float32Array.from(data, (x, row) => oddNumbers[at(row)] ?? Number(x)),
            ),
          ];
    }),
  );
}

function rowOf(inputs: Record<string, Tensor>, row: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { type, data }]) => [
      name,
      { type, shape: [1, 1], data: data.slice(row, row + 1) } as Tensor,
    ]),
  );
}

describe.each(Object.entries(cases))("%s", (_, given) => {
  let fitted: Fitted;
  beforeAll(async () => {
    fitted = await fit(given);
  }, 120_000);
  afterAll(async () => {
    await fitted?.inTraining.release();
    await fitted?.served.release();
  });

  test("the label is no input of what is served", () => {
    const { data } = fitted.spec;
    const label = isRecords(data) ? data.label : undefined;
    expect(fitted.servedInputs).toEqual(fitted.dataset.inputs.map(({ name }) => name));
    expect(fitted.servedInputs).not.toContain(label);
  });

  test("features are the same bits in training and in serving", { timeout: 120_000 }, async () => {
    const { dataset, inTraining, served } = fitted;
    await fc.assert(
      fc.asyncProperty(rowsOf(dataset), async (rows) => {
        const inputs = cellsOf(dataset, rows);
        const together = await features(inTraining, inputs);
        expect(await features(served, inputs)).toEqual(together);
        const width = together.length / rows.rows.length;
        for (const row of rows.rows.keys())
          expect(await features(served, rowOf(inputs, row))).toEqual(
            together.subarray(row * width, (row + 1) * width),
          );
      }),
      { numRuns: 30 },
    );
  });

  test("and so are those of a whole block", { timeout: 120_000 }, async () => {
    const { dataset, inTraining, served } = fitted;
    const block = Uint32Array.from({ length: Math.min(4096, dataset.rows) }, (_, row) => row);
    const inputs = dataset.tensors(block);
    const together = await features(inTraining, inputs);
    const width = together.length / block.length;
    for (let row = 0; row < block.length; row += 97)
      expect(await features(served, rowOf(inputs, row))).toEqual(
        together.subarray(row * width, (row + 1) * width),
      );
  });
});
