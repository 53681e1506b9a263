/** Fits what a file holds to the inputs that a model takes, a batch of rows at a time. */
import type { ModelMetadata, TensorMetadata } from "@amaas/client";
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { fill } from "./fill.ts";
import type { PredictInput, Row } from "./input.ts";

export type Batch = Readonly<Record<string, Tensor>>;

/** What one request takes, well below what servers accept. */
const mostElements = 256 * 1024;
const mostRows = 1024;

export function* toBatches(input: PredictInput, model: ModelMetadata): Generator<Batch> {
  const { name, inputs } = model;
  if (input.kind === "tensors") {
    yield input.tensors;
    return;
  }
  if (input.kind === "array") {
    yield* arrayBatches(input, model);
    return;
  }
  requireColumns(input.rows, name, inputs);
  const size = rowsAtOnce(model);
  for (let from = 0; from < input.rows.length; from += size)
    yield recordBatch(input.rows.slice(from, from + size), from, inputs);
}

/** A model may take one number of rows and no other. */
function rowsAtOnce({ inputs, maxRows = mostRows }: ModelMetadata): number {
  const fixed = inputs.flatMap(({ shape: [rows = -1] }) => (rows > 0 ? [rows] : []));
  const roomy = Math.floor(mostElements / widthOf(inputs));
  return Math.max(1, Math.min(mostRows, maxRows, roomy, ...fixed));
}

function recordBatch(rows: readonly Row[], from: number, inputs: readonly TensorMetadata[]): Batch {
  return Object.fromEntries(
    inputs.map(({ name, datatype, shape }) => {
      const width = elementsPerRow(shape);
      const nameAt = (at: number) => `row ${from + Math.floor(at / width) + 1}, ${name}`;
      const cells = rows.map((row, at) => cellsOf(row[name], width, () => nameAt(at * width)));
      const valueAt = (at: number) => cells[Math.floor(at / width)]?.[at % width];
      return [name, fill(datatype, withRows(shape, rows.length), valueAt, nameAt)] as const;
    }),
  );
}

function cellsOf(value: unknown, width: number, where: () => string): readonly unknown[] {
  if (width === 1 && !Array.isArray(value)) return [value];
  if (Array.isArray(value) && value.length === width) return value;
  const found = Array.isArray(value) ? `a list of ${value.length}` : "a single value";
  throw new DomainError(
    "invalid-argument",
    `${where()}: found ${found}, wanted a list of ${width}`,
  );
}

function requireColumns(
  rows: readonly Row[],
  model: string,
  inputs: readonly TensorMetadata[],
): void {
  const at = rows.findIndex((row) => inputs.some(({ name }) => !Object.hasOwn(row, name)));
  const row = rows[at];
  if (row === undefined) return;
  const missing = inputs.filter(({ name }) => !Object.hasOwn(row, name)).map(({ name }) => name);
  const columns = missing.length === 1 ? "the column" : "the columns";
  throw new DomainError(
    "invalid-argument",
    `row ${at + 1} lacks ${columns} ${missing.join(", ")}; ${model} takes ${inputs.map(({ name }) => name).join(", ")} (a value that is not known is null, or empty in CSV)`,
  );
}

function* arrayBatches(
  { shape, values }: Extract<PredictInput, { kind: "array" }>,
  model: ModelMetadata,
): Generator<Batch> {
  const { name, inputs } = model;
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0)
    throw new DomainError(
      "invalid-argument",
      `found an array, but ${name} takes the columns ${inputs.map(({ name }) => name).join(", ")}; give records`,
    );
  const width = elementsPerRow(input.shape);
  // A single row may come without the dimension of the rows.
  const rows = shape.length < input.shape.length ? 1 : (shape[0] ?? 0);
  if (rows === 0 || values.length !== rows * width)
    throw new DomainError(
      "invalid-argument",
      `found an array of shape [${shape.join(", ")}], wanted [${["rows", ...input.shape.slice(1)].join(", ")}] for ${input.name}`,
    );
  const size = rowsAtOnce(model);
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    const valueAt = (at: number) => values[from * width + at];
    const nameAt = (at: number) => `row ${from + Math.floor(at / width) + 1}`;
    yield {
      [input.name]: fill(input.datatype, withRows(input.shape, count), valueAt, nameAt),
    };
  }
}

function elementsPerRow(shape: readonly number[]): number {
  const sizes = shape.slice(1);
  if (sizes.some((size) => size < 1))
    throw new DomainError(
      "failed-precondition",
      `the model takes rows of any size ([${shape.join(", ")}]); give tensors with their shapes, as {"inputs": […]}`,
    );
  return sizes.reduce((product, size) => product * size, 1);
}

function widthOf(inputs: readonly TensorMetadata[]): number {
  return inputs.reduce((sum, { shape }) => sum + elementsPerRow(shape), 0);
}

function withRows(shape: readonly number[], rows: number): number[] {
  return [rows, ...shape.slice(1)];
}
