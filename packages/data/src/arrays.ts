/**
 * A data set of two NumPy arrays: samples by row, and labels.
 *
 * The elements stay in the type of the file and become float32 when rows are taken, so that bytes
 * take a quarter of the memory.
 */
import type { ArraysSpec, Task } from "@amaas/spec";
import { elementCount, type Tensor, tensor } from "@amaas/tensor";
import { type DataFile, type OpenFile, openFile, wholeFile } from "./data-file.ts";
import type { Dataset, Labels } from "./dataset.ts";
import { classLabels, valueLabels } from "./labels.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import { decodeNpy, type NpyType } from "./npy.ts";

const integerTypes: ReadonlySet<NpyType> = new Set<NpyType>(["UINT8", "INT32", "INT64"]);

export async function readArrays(
  spec: ArraysSpec,
  task: Task,
  open: OpenFile,
  limits: Limits,
): Promise<Dataset> {
  const features = await decode("data.features", await openFile(open, spec.features), limits);
  const { rows, sizes } = checkShape(features, limits);
  const width = elementCount(sizes);
  const shape = shapeOf(spec, sizes);
  const { vocabulary, idsFrom } = spec;
  const isLanguage = task === "language-modeling";
  refuseNonFinite("data.features", features, width);
  if (vocabulary !== undefined) refuseUnknownTokens(features, width, vocabulary);
  return {
    source: sourceOf(features, vocabulary),
    rows,
    skippedRows: 0,
    // A language model is asked about as many tokens as there are.
    inputs: [{ name: "input", datatype: "FP32", shape: isLanguage ? [-1, -1] : [-1, ...sizes] }],
    ...((shape || isLanguage) && { shape: shape ?? sizes }),
    ...(vocabulary !== undefined && { vocabulary }),
    ...(idsFrom && { firstOfFile: idsFrom }),
    labels: await readLabels(spec, task, rows, open, limits),
    tensors: (chosen) => ({ input: take(features, chosen, sizes) }),
  };
}

function sourceOf({ type }: Tensor<NpyType>, vocabulary: number | undefined): Dataset["source"] {
  if (vocabulary !== undefined) return "tokens";
  return integerTypes.has(type) ? "integers" : "floats";
}

/** As the spec says, or as the array is; planes without a channel are images of one. */
function shapeOf(spec: ArraysSpec, sizes: readonly number[]): readonly number[] | undefined {
  if (!spec.shape) return sizes.length === 2 ? [1, ...sizes] : sizes.length > 2 ? sizes : undefined;
  if (elementCount(spec.shape) !== elementCount(sizes))
    throw faultyData(
      "data.shape",
      `[${spec.shape}] has ${elementCount(spec.shape)} elements, wanted ${elementCount(sizes)}, which a row of data.features has`,
    );
  return spec.shape;
}

function refuseUnknownTokens({ data }: Tensor<NpyType>, width: number, vocabulary: number): void {
  for (let index = 0; index < data.length; index++) {
    const id = Number(data[index]);
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary)
      throw faultyData(
        "data.features",
        `row ${Math.floor(index / width) + 1}, column ${(index % width) + 1}: found ${id}, wanted a whole number from 0 to ${vocabulary - 1}, the ids of data.vocabulary`,
      );
  }
}

async function decode(field: string, file: DataFile, limits: Limits): Promise<Tensor<NpyType>> {
  holdTo(limits.arrayBytes, file.bytes, field, "bytes");
  const bytes = await wholeFile(file);
  try {
    return decodeNpy(bytes);
  } catch (error) {
    throw faultyData(field, error instanceof Error ? error.message : String(error));
  }
}

function checkShape(features: Tensor, limits: Limits) {
  const [rows, ...sizes] = features.shape;
  const width = elementCount(sizes);
  if (!rows || sizes.length < 1 || sizes.length > 3 || width === 0)
    throw faultyData(
      "data.features",
      `has shape [${features.shape}], wanted [rows, features], or rows of two or three axes`,
    );
  holdTo(limits.rows, rows, "data.features", "rows");
  holdTo(limits.features, width, "data.features", "features");
  return { rows, sizes };
}

function refuseNonFinite(field: string, { type, data }: Tensor<NpyType>, width: number): void {
  if (integerTypes.has(type)) return;
  for (let index = 0; index < data.length; index++) {
    const value = Number(data[index]);
    if (!Number.isFinite(Math.fround(value)))
      throw faultyData(
        field,
        `row ${Math.floor(index / width) + 1}, column ${(index % width) + 1}: found ${value}, wanted a finite number in the range of float32`,
      );
  }
}

async function readLabels(
  { labels: ref }: ArraysSpec,
  task: Task,
  rows: number,
  open: OpenFile,
  limits: Limits,
): Promise<Labels> {
  if (ref === undefined) return { kind: "none" };
  const labels = await decode("data.labels", await openFile(open, ref), limits);
  const { shape } = labels;
  if (shape.length !== 1 || shape[0] !== rows)
    throw faultyData("data.labels", `has shape [${shape}], wanted [${rows}], the features' rows`);
  return labelsOf(labels, task, limits);
}

function labelsOf(labels: Tensor<NpyType>, task: Task, limits: Limits): Labels {
  refuseNonFinite("data.labels", labels, 1);
  const values = Float64Array.from(labels.data, Number);
  if (task === "regression") return valueLabels(values);
  const odd = values.findIndex((value) => !Number.isSafeInteger(value));
  if (odd >= 0)
    throw faultyData(
      "data.labels",
      `row ${odd + 1}: found ${values[odd]}, wanted a whole number as class`,
    );
  return classLabels(values, "data.labels", limits);
}

function take(
  { data }: Tensor<NpyType>,
  rows: Uint32Array,
  sizes: readonly number[],
): Tensor<"FP32"> {
  const width = elementCount(sizes);
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    const source = data.subarray(row * width, (row + 1) * width);
    if (source instanceof BigInt64Array)
      taken.set(Float32Array.from(source, Number), index * width);
    else taken.set(source, index * width);
  });
  return tensor("FP32", [rows.length, ...sizes], taken);
}
