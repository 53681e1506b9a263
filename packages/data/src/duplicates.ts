/**
 * Rows of the validation and the test split that are equal, in every input, to one of an earlier split: what
 * is learned from one of them is no proof on the other.
 *
 * Rows are told apart by 48 bits of a hash of their values, so that ten million fit into memory; among so
 * many, a row in a hundred million is taken for equal to one that differs.
 */
import { createHash } from "node:crypto";
import { type Tensor, toRaw } from "@amaas/tensor";
import type { Dataset } from "./dataset.ts";
import type { RowSplit } from "./split.ts";

export interface Duplicates {
  /** Without the rows that are equal to one of an earlier split. */
  readonly distinct: RowSplit;
  /** Of the split as it was. */
  readonly validation: number;
  readonly test: number;
}

const blockRows = 1024;

export function withoutDuplicates(dataset: Dataset, split: RowSplit): Duplicates {
  const seen = new Set<number>();
  const parts = [split.training, split.validation, split.test].map((part) => {
    const marks = marksOf(dataset, part);
    const fresh = part.filter((_, index) => !seen.has(marks[index]!));
    for (const mark of marks) seen.add(mark);
    return fresh;
  });
  const [, validation, test] = parts;
  return {
    distinct: { training: split.training, validation: validation!, test: test! },
    validation: split.validation.length - validation!.length,
    test: split.test.length - test!.length,
  };
}

function marksOf(dataset: Dataset, rows: Uint32Array): Float64Array {
  const marks = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += blockRows) {
    const block = rows.subarray(from, from + blockRows);
    const cells = Object.values(dataset.tensors(block)).map((input) =>
      cellsOf(input, block.length),
    );
    for (let row = 0; row < block.length; row++) {
      const hash = createHash("sha1");
      for (const cell of cells) hash.update(cell(row));
      marks[from + row] = hash.digest().readUIntBE(0, 6);
    }
  }
  return marks;
}

/** What an input has in a row: the bytes of its numbers; a text with its length, so that no two lists read the same. */
function cellsOf(input: Tensor, rows: number): (row: number) => Uint8Array | string {
  const { data } = input;
  if (Array.isArray(data)) return (row) => `${data[row]!.length} ${data[row]}`;
  const bytes = toRaw(input);
  const width = bytes.byteLength / rows;
  return (row) => bytes.subarray(row * width, (row + 1) * width);
}
