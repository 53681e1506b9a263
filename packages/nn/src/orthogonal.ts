/**
 * A random orthogonal matrix: one of normal numbers, whose rows are made orthonormal one after the other (Gram-Schmidt,
 * twice, so that what rounding leaves of the first time is gone; Giraud and others, 2005). That is the Q of a QR with a
 * positive diagonal in R, so every orthogonal matrix is as likely as any other (Mezzadri, 2007).
 */
import { type Key, normal } from "@amaas/random";

/** Of these sizes, by rows. Where there are more rows than columns, the columns are orthonormal. */
export function orthogonalRows(rows: number, columns: number, key: Key): Float64Array {
  const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
  const vectors: Float64Array[] = [];
  for (let index = 0; index < count; index++) {
    const vector = Float64Array.from({ length }, (_, at) => normal(key, index * length + at));
    for (const other of vectors) takeOff(vector, other);
    for (const other of vectors) takeOff(vector, other);
    const size = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / size));
  }
  const tall = rows > columns;
  return Float64Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    return tall ? vectors[column]![row]! : vectors[row]![column]!;
  });
}

/** What lies along a vector of length 1. */
function takeOff(vector: Float64Array, other: Float64Array): void {
  const share = dot(vector, other);
  for (let at = 0; at < vector.length; at++) vector[at]! -= share * other[at]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
