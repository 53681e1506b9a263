/**
 * Divides the rows into those to fit on, those to check on, and those to judge by.
 *
 * Which row goes where is a function of the seed, the number of rows and what the split goes by: classes
 * that are kept in proportion, groups that stay together, times; never of chance or of the machine.
 */
import { hashKey, permutation } from "@amaas/random";
import type { SplitSpec } from "@amaas/spec";
import type { Labels } from "./dataset.ts";
import { type Bundle, deal, dealBundles } from "./deal.ts";
import { faultyData } from "./limits.ts";
import type { RowKeys, Windows } from "./row-keys.ts";

export interface SplitRequest extends RowKeys {
  readonly rows: number;
  readonly split: Omit<SplitSpec, "onDuplicates" | "use"> & Partial<Pick<SplitSpec, "use">>;
  readonly labels: Labels;
}

/** Row numbers, ascending. */
export interface RowSplit {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** @throws DomainError invalid-argument where a part would be empty. */
export function splitRows(request: SplitRequest): RowSplit {
  const [all = [], ...others] = partsOf(request);
  const parts = [used(request, all), ...others];
  const [training, validation, test] = parts.map((part) => Uint32Array.from(part).sort());
  if (!training?.length || !validation?.length || !test?.length)
    throw faultyData("split", `${tooFew(request)} are too few for rows in every part`);
  return { training, validation, test };
}

type Part = readonly number[];

function partsOf(request: SplitRequest): readonly Part[] {
  const { training, validation, test, folds, fold = 0 } = request.split;
  if (request.windows) return byPosition(request.rows, request.windows, request.split);
  if (request.times) return byTime(request.times, [training, validation, test]);
  if (folds === undefined)
    return divide(request, everyRow(request.rows), [training, validation, test]);
  // Dealt first, so that the test rows are the same for every fold.
  const [rest = [], held = []] = divide(request, everyRow(request.rows), [1 - test, test]);
  const dealt = divide(
    request,
    rest,
    Array.from({ length: folds }, () => 1 / folds),
    "fold",
  );
  return [dealt.flatMap((part, index) => (index === fold ? [] : part)), dealt[fold] ?? [], held];
}

/**
 * The training rows that are learned from: of each class, or of the groups, the first of a shuffled
 * list, so that those of a smaller share are among those of a larger one.
 */
function used(
  { split: { use = 1, seed, stratify }, labels, groups }: SplitRequest,
  rows: Part,
): Part {
  if (use === 1) return rows;
  const first = <T>(list: readonly T[], index: number | "groups"): readonly T[] =>
    shuffle(list, hashKey("use", seed, index)).slice(0, Math.ceil(use * list.length));
  if (groups)
    return first(bundlesOf(rows, groups, undefined), "groups").flatMap((bundle) => bundle.rows);
  const strata = stratify && labels.kind === "class" ? byClass(rows, labels.values) : [rows];
  return strata.flatMap(first);
}

/** Rows by share, shuffled; groups and the classes' proportions are kept as the spec asks. */
function divide(
  { split: { seed, stratify }, labels, groups }: SplitRequest,
  rows: Part,
  shares: readonly number[],
  purpose = "split",
): readonly Part[] {
  const classes = stratify && labels.kind === "class" ? labels.values : undefined;
  if (groups) {
    const bundles = bundlesOf(rows, groups, classes);
    return dealBundles(shuffle(bundles, hashKey(purpose, seed, "groups")), shares);
  }
  const strata = classes ? byClass(rows, classes) : [rows];
  return deal(
    strata.map((stratum, index) => shuffle(stratum, hashKey(purpose, seed, index))),
    shares,
  );
}

/**
 * Oldest rows first. Rows of one time are never parted: a part ends with the time in which it reaches its
 * share.
 */
function byTime(times: Float64Array, shares: readonly number[]): readonly Part[] {
  const order = everyRow(times.length).sort((a, b) => times[a]! - times[b]! || a - b);
  const ends = [shares[0]!, shares[0]! + shares[1]!].map((share) =>
    nextTime(order, times, Math.round(share * order.length)),
  );
  return [order.slice(0, ends[0]), order.slice(ends[0], ends[1]), order.slice(ends[1])];
}

/**
 * The beginning of a text is for training, the end for the test. A window that would reach over an end is
 * left out, so that no part has a token of another.
 */
function byPosition(
  rows: number,
  { stride, width }: Windows,
  { training, validation }: SplitRequest["split"],
): readonly Part[] {
  const tokens = (rows - 1) * stride + width;
  const ends = [training, training + validation, 1].map((share) => Math.round(share * tokens));
  return ends.map((end, part) => {
    const first = Math.ceil((ends[part - 1] ?? 0) / stride);
    const last = Math.floor((end - width) / stride);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  });
}

/** The first place from `place` on at which another time begins. */
function nextTime(order: Part, times: Float64Array, place: number): number {
  let next = place;
  while (next > 0 && next < order.length && times[order[next]!] === times[order[next - 1]!]) next++;
  return next;
}

function bundlesOf(
  rows: Part,
  groups: Int32Array,
  classes: Int32Array | undefined,
): readonly Bundle[] {
  const members = new Map<number, number[]>();
  for (const row of rows) {
    const found = members.get(groups[row]!);
    if (found) found.push(row);
    else members.set(groups[row]!, [row]);
  }
  return [...members.values()].map((bundle) => {
    const counts = new Map<number, number>();
    for (const row of bundle) {
      const stratum = classes?.[row] ?? 0;
      counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
    }
    return { rows: bundle, counts };
  });
}

function byClass(rows: Part, classes: Int32Array): readonly Part[] {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(classes[row]!);
    if (group) group.push(row);
    else groups.set(classes[row]!, [row]);
  }
  const sorted = [...groups].sort(([a], [b]) => a - b);
  return sorted.map(([, group]) => group);
}

function shuffle<T>(list: readonly T[], key: ReturnType<typeof hashKey>): readonly T[] {
  if (list.length === 0) return list;
  const placeOf = permutation(key, list.length);
  return list.map((_, position) => list[placeOf(position)]!);
}

function everyRow(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => row);
}

function tooFew({ rows, groups, times, windows, split }: SplitRequest): string {
  const folds = split.folds === undefined ? "" : ` for ${split.folds} folds`;
  if (groups) return `${new Set(groups).size} groups${folds}`;
  if (windows) return `${rows} windows of ${windows.width} tokens`;
  if (times) return `${new Set(times).size} times`;
  return `${rows} rows${folds}`;
}
