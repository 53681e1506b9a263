/**
 * Which value of a column each test row has, for the columns that the spec wants the metrics of one by one.
 *
 * Texts and few different numbers are taken as they are, the most frequent ones by name; other numbers fall
 * into buckets of as many training rows each.
 */
import type { BlobStore } from "@amaas/blobs";
import type { Dataset, RowSplit } from "@amaas/data";
import type { Slicing } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { faultySpec, type JobSpec, type SliceSpec } from "@amaas/spec";
import { drawRows } from "./rows.ts";

/** Values that have a name of their own; all others are one. */
const mostValues = 12;
const longestName = 60;
const usualBuckets = 4;
/** Training rows that bounds of buckets are taken from. */
const mostBoundRows = 100_000;

type Cells = readonly string[] | Float32Array;

/** By row the place of its value in the names. */
interface Coded {
  readonly values: readonly string[];
  readonly codes: Int32Array<ArrayBuffer>;
}

export async function slicingsOf(
  { evaluation, split: { seed } }: JobSpec,
  dataset: Dataset,
  { training, test }: RowSplit,
  blobs: BlobStore,
): Promise<Slicing[]> {
  const slices = evaluation.slices.map((slice) => ({ buckets: undefined, ...columnOf(slice) }));
  if (slices.length === 0) return [];
  refuseUnknown(slices, dataset);
  const held = dataset.tensors(test);
  const drawn = drawRows(training.length, mostBoundRows, "slice bounds", seed);
  const known = dataset.tensors(drawn.map((place) => training[place] ?? 0));
  return Promise.all(
    slices.map(async ({ column, buckets }, at) => {
      const cells = cellsOf(held[column]?.data, column, at);
      const { values, codes } =
        cells instanceof Float32Array
          ? codeNumbers(cells, cellsOf(known[column]?.data, column, at), buckets)
          : codeTexts(cells, buckets, at);
      const { digest } = await blobs.put(new Uint8Array(codes.buffer));
      return { column, values: [...values], codes: digest };
    }),
  );
}

function columnOf(slice: SliceSpec) {
  return typeof slice === "string" ? { column: slice } : slice;
}

function refuseUnknown(slices: readonly { readonly column: string }[], { inputs }: Dataset): void {
  const names = inputs.map(({ name }) => name);
  const faults = slices.flatMap(({ column }, at) =>
    names.includes(column)
      ? []
      : [
          {
            field: `evaluation.slices[${at}]`,
            description: `names ${JSON.stringify(column)}, wanted a column that the model sees: ${names.slice(0, 20).join(", ")}`,
          },
        ],
  );
  if (faults.length > 0) throw faultySpec(faults);
}

function cellsOf(data: unknown, column: string, at: number): Cells {
  if (data instanceof Float32Array) return data;
  if (Array.isArray(data) && data.every((cell) => typeof cell === "string")) return data;
  const description = `names ${JSON.stringify(column)}, wanted a column of texts or numbers`;
  throw faultySpec([{ field: `evaluation.slices[${at}]`, description }]);
}

function codeTexts(cells: readonly string[], buckets: number | undefined, at: number): Coded {
  if (buckets !== undefined)
    throw faultySpec([
      {
        field: `evaluation.slices[${at}].buckets`,
        description: "wanted none: the column has texts",
      },
    ]);
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const known = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, mostValues)
    .map(([cell]) => cell)
    .sort();
  const places = new Map(known.map((cell, place) => [cell, place]));
  const rest = counts.size > known.length ? ["other values"] : [];
  return {
    values: [...known.map((cell) => (cell === "" ? "missing" : named(cell))), ...rest],
    codes: Int32Array.from(cells, (cell) => places.get(cell) ?? known.length),
  };
}

/** Short, and without what a terminal or a database would stumble over. */
function named(cell: string): string {
  const text = cell.replace(/\p{Cc}/gu, "\ufffd");
  return text.length > longestName ? `${text.slice(0, longestName)}…` : text;
}

function codeNumbers(cells: Float32Array, known: Cells, buckets: number | undefined): Coded {
  const there = cells.filter((cell) => !Number.isNaN(cell));
  const different = [...new Set(there)].sort((a, b) => a - b);
  const byValue = buckets === undefined && different.length <= mostValues;
  const bounds = byValue ? different : boundsOf(known, buckets ?? usualBuckets);
  const names = byValue ? different.map(shown) : bucketNames(bounds);
  const missing = there.length < cells.length;
  // A value is at its own place, or in the bucket above the last bound that it reaches.
  const place = (cell: number) => bounds.filter((bound) => bound <= cell).length - Number(byValue);
  return {
    values: [...names, ...(missing ? ["missing"] : [])],
    codes: Int32Array.from(cells, (cell) => (Number.isNaN(cell) ? names.length : place(cell))),
  };
}

/** What divides the known cells into parts of as many each; bounds that are equal are one. */
function boundsOf(known: Cells, buckets: number): number[] {
  const sorted = Float32Array.from(known, Number)
    .filter((cell) => !Number.isNaN(cell))
    .sort();
  const bounds = Array.from(
    { length: buckets - 1 },
    (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / buckets)] ?? 0,
  );
  return [...new Set(bounds)];
}

function bucketNames(bounds: readonly number[]): string[] {
  const [first] = bounds;
  const last = bounds.at(-1);
  if (first === undefined || last === undefined) return ["all"];
  const between = bounds
    .slice(1)
    .map((bound, at) => `${shown(bounds[at] ?? 0)} to ${shown(bound)}`);
  return [`below ${shown(first)}`, ...between, `from ${shown(last)}`];
}

/** Cells are float32, which has 7 digits. */
function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}
