/**
 * A file of rows that only this process knows: its name is gone before anything is in it, so that nothing
 * is left behind however the process ends. Its descriptor serves every thread, which read by position.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DomainError, errorMessage } from "@amaas/errors";
import { damaged } from "./errors.ts";

/** The descriptor of an open file. */
export type RowFile = number;

const writeSome = promisify(write);

export function createRowFile(): RowFile {
  const path = join(tmpdir(), `amaas-rows-${randomUUID()}`);
  try {
    const file = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return file;
  } catch (error) {
    throw cannotWrite(error);
  }
}

export async function writeRows(file: RowFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const left = bytes.byteLength - done;
    const { bytesWritten } = await writeSome(file, bytes, done, left, position + done).catch(
      (error: unknown) => {
        throw cannotWrite(error);
      },
    );
    done += bytesWritten;
  }
}

export function readRows(
  file: RowFile,
  target: Uint8Array,
  offset: number,
  length: number,
  position: number,
): void {
  for (let done = 0; done < length; ) {
    const read = readSync(file, target, offset + done, length - done, position + done);
    if (read === 0) throw damaged(`a file of rows ends after ${position + done} bytes`);
    done += read;
  }
}

/** Once no thread reads it any more; what it took on the disk is free again. */
export const closeRowFile: (file: RowFile) => void = closeSync;

/** A disk that is full may have room again: the rows are loaded once more. */
function cannotWrite(error: unknown): DomainError {
  return new DomainError("unavailable", `cannot keep rows in a file: ${errorMessage(error)}`);
}
