/** Takes chosen rows of a split out of memory or of its file, as a thread sees them. */
import { type RowFile, readRows } from "./row-file.ts";
import type { Rows } from "./rows.ts";
import type { LeafRows } from "./sampling.ts";

/** Of a micro-batch; what is behind its rows is zeros. */
export interface Samples {
  /** float32 [places, width] */
  readonly features: Float32Array;
  /** The 32 bits of each label, whatever type they are of; zeros where samples have none. */
  readonly labels: Int32Array;
}

export interface RowReader {
  read(rows: LeafRows, into: Samples): void;
}

export function openRows({ features, width, labels }: Rows): RowReader {
  const copy = typeof features === "number" ? fromFile(features, width) : gather(features, width);
  const source = new Int32Array(labels);
  return {
    read(rows, into) {
      copy(rows, into.features);
      into.features.fill(0, rows.length * width);
      const labelled = source.length > 0 ? rows.length : 0;
      for (let place = 0; place < labelled; place++) into.labels[place] = source[rows[place]!]!;
      into.labels.fill(0, labelled);
    },
  };
}

type Copy = (rows: LeafRows, batch: Float32Array) => void;

/** Up to here a loop is faster than asking for a copy, which costs about as much as so many numbers. */
const NARROW = 16;

function gather(features: SharedArrayBuffer, width: number): Copy {
  const source = new Float32Array(features);
  if (width > NARROW)
    return (rows, batch) => {
      for (let place = 0; place < rows.length; place++) {
        const from = rows[place]! * width;
        batch.set(source.subarray(from, from + width), place * width);
      }
    };
  return (rows, batch) => {
    let to = 0;
    for (let place = 0; place < rows.length; place++) {
      const from = rows[place]! * width;
      for (let at = 0; at < width; at++) batch[to++] = source[from + at]!;
    }
  };
}

function fromFile(file: RowFile, width: number): Copy {
  const rowBytes = width * 4;
  return (rows, batch) => {
    const bytes = new Uint8Array(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let place = 0; place < rows.length; ) {
      const first = rows[place]!;
      // Rows that lie behind each other, as all do in a pass over a split, are one read.
      let run = 1;
      while (rows[place + run] === first + run) run++;
      readRows(file, bytes, place * rowBytes, run * rowBytes, first * rowBytes);
      place += run;
    }
  };
}
