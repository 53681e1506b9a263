/**
 * Inputs as JSON: a record or an array of them, an array of numbers or of rows of numbers, or a
 * request of the Open Inference Protocol with its `inputs`.
 */
import { DomainError } from "@amaas/errors";
import { elementCount, isDataType, type Tensor } from "@amaas/tensor";
import { fill } from "./fill.ts";
import type { PredictInput, Row } from "./input.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

export function parseJson(bytes: Uint8Array): PredictInput {
  const found: unknown = JSON.parse(decoder.decode(bytes));
  if (isRecord(found))
    return Array.isArray(found.inputs) && found.inputs.every(isOipTensor)
      ? { kind: "tensors", tensors: oipTensors(found.inputs) }
      : { kind: "records", rows: [found] };
  if (!Array.isArray(found) || found.length === 0)
    throw refusal("found neither a record nor a list, or an empty one");
  if (found.every(isRecord)) return { kind: "records", rows: found };
  return numbers(found);
}

export function parseJsonLines(bytes: Uint8Array): PredictInput {
  const lines = decoder.decode(bytes).split("\n");
  const rows = lines.flatMap((line, at): Row[] => {
    if (line.trim() === "") return [];
    const found: unknown = JSON.parse(line);
    if (!isRecord(found)) throw refusal(`line ${at + 1} is no record`);
    return [found];
  });
  if (rows.length === 0) throw refusal("found no record");
  return { kind: "records", rows };
}

function numbers(found: readonly unknown[]): PredictInput {
  if (found.every((value) => typeof value === "number"))
    return { kind: "array", shape: [found.length], values: found };
  const [first] = found;
  const width = Array.isArray(first) ? first.length : 0;
  const values: number[] = [];
  found.forEach((row: unknown, at) => {
    if (!Array.isArray(row) || !row.every((value) => typeof value === "number"))
      throw refusal(`[${at}] is no list of numbers`);
    if (row.length !== width) throw refusal(`[${at}] has ${row.length} numbers, [0] has ${width}`);
    for (const value of row) values.push(value);
  });
  return { kind: "array", shape: [found.length, width], values };
}

interface OipTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

function oipTensors(found: readonly OipTensor[]): Record<string, Tensor> {
  return Object.fromEntries(found.map((input) => [input.name, oipTensor(input)] as const));
}

function oipTensor({ name, datatype, shape, data }: OipTensor): Tensor {
  if (!isDataType(datatype)) throw refusal(`input ${name} is of the unknown datatype ${datatype}`);
  const flat = data.flat(8);
  const wanted = elementCount(shape);
  if (flat.length !== wanted)
    throw refusal(
      `input ${name} of shape [${shape}] has ${flat.length} elements, wanted ${wanted}`,
    );
  return fill(
    datatype,
    shape,
    (at) => flat[at],
    (at) => `input ${name}, element ${at}`,
  );
}

function isOipTensor(found: unknown): found is OipTensor {
  return (
    isRecord(found) &&
    typeof found.name === "string" &&
    typeof found.datatype === "string" &&
    Array.isArray(found.data) &&
    Array.isArray(found.shape) &&
    found.shape.every((size) => typeof size === "number")
  );
}

function isRecord(found: unknown): found is Row {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function refusal(found: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `${found}; wanted a record, a list of records, a list of numbers or rows of numbers, or {"inputs": [{"name", "datatype", "shape", "data"}]}`,
  );
}
