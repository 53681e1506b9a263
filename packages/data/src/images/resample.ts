/**
 * Brings pictures to another size, with the bits of Pillow's `Image.resize(size, Image.BILINEAR, box)`, so that a client
 * in Python shows a model what it was trained on. Additions, multiplications, divisions: the same on every machine.
 *
 * A pixel of the result is the mean of those under a triangle around its centre, as wide as two pixels of the result, and
 * at least two of the source; along rows first, then along columns, each rounded to bytes. Weights have 22 binary places.
 */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel. */
  readonly colours: Uint8Array;
}

/** Left, top, right, bottom, in pixels of the source and fractions of them. */
export type Box = readonly [number, number, number, number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

const places = 22;
const bands = 3;

export function resample({ width, height, colours }: Picture, to: Size, box: Box): Picture {
  const [left, top, right, bottom] = box;
  const across = tapsOf(width, left, right, to.width);
  const down = tapsOf(height, top, bottom, to.height);
  const first = down.starts[0] ?? 0;
  const last = (down.starts.at(-1) ?? 0) + down.most;
  const used = colours.subarray(first * width * bands, Math.min(last, height) * width * bands);
  const rows = used.length / (width * bands);
  const narrow = convolve(used, [rows, width, bands], across, 0);
  return { ...to, colours: convolve(narrow, [1, rows, to.width * bands], down, first) };
}

interface Taps {
  /** The first element that each result is a mean of. */
  readonly starts: Int32Array;
  /** Of `most` elements from there on; those beyond the last are 0. */
  readonly weights: Int32Array;
  readonly most: number;
}

function tapsOf(length: number, from: number, to: number, results: number): Taps {
  // Pillow has its box in single precision.
  const [begin, end] = [Math.fround(from), Math.fround(to)];
  const scale = Math.fround(end - begin) / results;
  const reach = Math.max(1, scale);
  const most = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(results);
  const weights = new Int32Array(results * most);
  const shares = new Float64Array(most);
  for (let result = 0; result < results; result++) {
    const centre = begin + (result + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(length, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let at = 0; at < count; at++) {
      const distance = Math.abs((at + start - centre + 0.5) * (1 / reach));
      shares[at] = distance < 1 ? 1 - distance : 0;
      sum += shares[at]!;
    }
    starts[result] = start;
    for (let at = 0; at < count; at++)
      weights[result * most + at] = Math.trunc(0.5 + (shares[at]! / sum) * (1 << places));
  }
  return { starts, weights, most };
}

/** Along the middle of three axes, whose elements begin at number `first`. */
function convolve(
  values: Uint8Array,
  [outer, length, inner]: readonly [number, number, number],
  { starts, weights, most }: Taps,
  first: number,
): Uint8Array {
  const results = starts.length;
  const found = new Uint8Array(outer * results * inner);
  for (let line = 0; line < outer; line++)
    for (let result = 0; result < results; result++) {
      const start = starts[result]! - first;
      const count = Math.min(most, length - start);
      const source = (line * length + start) * inner;
      const target = (line * results + result) * inner;
      for (let at = 0; at < inner; at++) {
        let sum = 1 << (places - 1);
        for (let tap = 0; tap < count; tap++)
          sum += values[source + tap * inner + at]! * weights[result * most + tap]!;
        found[target + at] = sum >> places;
      }
    }
  return found;
}
