/**
 * Bits that a feature tells of the label: I = sum p(x, y) log2(p(x, y) / (p(x) p(y))) (Shannon, 1948), over
 * sixteen parts of equal width between its least and its largest value. A label that is a number counts as one
 * of ten parts of equally many rows. Few rows in many parts overstate it.
 */
import type { Labels } from "./dataset.ts";
import { logarithm } from "./encoders/logarithm.ts";
import type { Blocks } from "./selection.ts";
import { quantileOf } from "./statistics.ts";

const parts = 16;
const labelParts = 10;

export async function mutualInformation(
  blocks: Blocks,
  width: number,
  labels: Labels,
): Promise<Float64Array> {
  const { classes, of } = classesOf(labels);
  const { least, size } = await rangesOf(blocks, width);
  const counts = new Uint32Array(width * parts * classes);
  let row = 0;
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width, row++)
      for (let column = 0; column < width; column++) {
        const place = Math.floor((block[at + column]! - least[column]!) / size[column]!);
        const part = Math.min(parts - 1, place);
        counts[(column * parts + part) * classes + of[row]!]!++;
      }
  return Float64Array.from({ length: width }, (_, column) =>
    informationOf(
      counts.subarray(column * parts * classes, (column + 1) * parts * classes),
      classes,
    ),
  );
}

/** The class of each row, by number. */
function classesOf(labels: Labels): { readonly classes: number; readonly of: Int32Array } {
  if (labels.kind === "class") return { classes: labels.classes.length, of: labels.values };
  if (labels.kind === "none") return { classes: 1, of: new Int32Array() };
  const { values } = labels;
  const edges = Array.from({ length: labelParts - 1 }, (_, index) =>
    quantileOf(values, (index + 1) / labelParts),
  );
  const of = Int32Array.from(values, (value) => edges.filter((edge) => value >= edge).length);
  return { classes: labelParts, of };
}

async function rangesOf(blocks: Blocks, width: number) {
  const least = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width)
      for (let column = 0; column < width; column++) {
        least[column] = Math.min(least[column]!, block[at + column]!);
        most[column] = Math.max(most[column]!, block[at + column]!);
      }
  return { least, size: most.map((value, column) => (value - least[column]!) / parts || 1) };
}

/** Of counts [parts, classes]. */
export function informationOf(counts: ArrayLike<number>, classes: number): number {
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  let all = 0;
  for (let at = 0; at < counts.length; at++) {
    const [part, kind, count] = [Math.floor(at / classes), at % classes, counts[at]!];
    rows.set(part, (rows.get(part) ?? 0) + count);
    columns.set(kind, (columns.get(kind) ?? 0) + count);
    all += count;
  }
  let nats = 0;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at]!;
    if (count === 0) continue;
    const ratio =
      (count * all) / (rows.get(Math.floor(at / classes))! * columns.get(at % classes)!);
    nats += (count / all) * (ratio >= 1 ? logarithm(ratio) : -logarithm(1 / ratio));
  }
  return Math.max(0, nats / Math.LN2);
}
