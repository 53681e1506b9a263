/** Takes chosen rows of a split out of memory or of its file, as a thread sees them. */
import { closeSync, openSync, readSync } from "node:fs";
import { damaged } from "./errors.ts";
import type { Rows } from "./rows.ts";
import type { LeafSamples } from "./sampling.ts";

export interface RowReader {
  /** Fills `batch`, float32 [places, width], with the samples' features; padding is zeros. */
  read(samples: LeafSamples, batch: Float32Array): void;
  close(): void;
}

export function openRows(rows: Rows): RowReader {
  return typeof rows.features === "string"
    ? fromFile(rows.features, rows.width)
    : fromMemory(rows.features, rows.width);
}

function fromMemory(features: SharedArrayBuffer, width: number): RowReader {
  const source = new Float32Array(features);
  return {
    read({ samples, row }, batch) {
      for (let place = 0; place < samples; place++) {
        const from = row(place) * width;
        batch.set(source.subarray(from, from + width), place * width);
      }
      batch.fill(0, samples * width);
    },
    close: () => undefined,
  };
}

function fromFile(path: string, width: number): RowReader {
  const file = openSync(path, "r");
  const rowBytes = width * 4;
  return {
    read({ samples, row }, batch) {
      const bytes = new Uint8Array(batch.buffer, batch.byteOffset, batch.byteLength);
      for (let place = 0; place < samples; ) {
        const first = row(place);
        // Rows that lie behind each other, as all do in a pass over a split, are one read.
        let run = 1;
        while (place + run < samples && row(place + run) === first + run) run++;
        readFully(file, bytes, place * rowBytes, run * rowBytes, first * rowBytes, path);
        place += run;
      }
      batch.fill(0, samples * width);
    },
    close: () => closeSync(file),
  };
}

function readFully(
  file: number,
  target: Uint8Array,
  offset: number,
  length: number,
  position: number,
  path: string,
): void {
  for (let done = 0; done < length; ) {
    const read = readSync(file, target, offset + done, length - done, position + done);
    if (read === 0) throw damaged(`${path} ends after ${position + done} bytes`);
    done += read;
  }
}
