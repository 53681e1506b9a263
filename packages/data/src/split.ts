/**
 * Divides the rows into those to fit on, those to check on, and those to judge by.
 *
 * Which row goes where is a function of the seed, the number of rows and, where classes are kept in
 * proportion, of the labels; never of chance or of the machine.
 */
import { hashKey, permute } from "@amaas/random";
import type { JobSpec } from "@amaas/spec";
import type { Labels } from "./dataset.ts";
import { faultyData } from "./limits.ts";

export interface SplitRequest {
  readonly rows: number;
  readonly split: JobSpec["split"];
  readonly labels: Labels;
}

/** Row numbers, ascending. */
export interface RowSplit {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** @throws DomainError invalid-argument where a part would be empty. */
export function splitRows({ rows, split, labels }: SplitRequest): RowSplit {
  const groups = split.stratify && labels.kind === "class" ? byClass(labels.values) : [count(rows)];
  const parts = deal(
    groups.map((group, index) => shuffle(group, hashKey("split", split.seed, index))),
    [split.training, split.validation, split.test],
  );
  const [training, validation, test] = parts.map((part) => Uint32Array.from(part).sort());
  if (!training?.length || !validation?.length || !test?.length)
    throw faultyData("split", `${rows} rows are too few for rows in every part`);
  return { training, validation, test };
}

/**
 * Hands out the rows of all groups in turn, each to the part that is furthest behind its share. Every
 * run of rows, and so every group, is divided in proportion to within a row or two, and the whole
 * exactly. The first row of a group is for training: nobody learns a class that they never saw.
 */
function deal(groups: readonly Uint32Array[], shares: readonly number[]): readonly number[][] {
  const parts: number[][] = shares.map(() => []);
  const credit = shares.map(() => 0);
  for (const group of groups)
    group.forEach((row, position) => {
      shares.forEach((share, part) => {
        credit[part] = (credit[part] ?? 0) + share;
      });
      const part = position === 0 ? 0 : credit.indexOf(Math.max(...credit));
      credit[part] = (credit[part] ?? 0) - 1;
      parts[part]?.push(row);
    });
  return parts;
}

function byClass(classes: Int32Array): readonly Uint32Array[] {
  const groups = new Map<number, number[]>();
  classes.forEach((index, row) => {
    const group = groups.get(index);
    if (group) group.push(row);
    else groups.set(index, [row]);
  });
  const sorted = [...groups].sort(([a], [b]) => a - b);
  return sorted.map(([, group]) => Uint32Array.from(group));
}

function shuffle(rows: Uint32Array, key: ReturnType<typeof hashKey>): Uint32Array {
  return rows.map((_, position) => rows[permute(key, rows.length, position)] ?? 0);
}

function count(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}
