/**
 * A file that a spec names, read by position, so that nobody has to hold all of it.
 */

export interface DataFile {
  readonly bytes: number;
  /** The bytes from `from` up to `to`; both lie within the file. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** Opens what a spec names: a file to be read by position, or all of its bytes at once. */
export type OpenFile = (ref: string) => Promise<DataFile | Uint8Array>;

const chunkBytes = 1 << 20;

export async function openFile(open: OpenFile, ref: string): Promise<DataFile> {
  const opened = await open(ref);
  return opened instanceof Uint8Array ? inMemory(opened) : opened;
}

export function wholeFile(file: DataFile): Promise<Uint8Array> {
  return file.read(0, file.bytes);
}

/** In pieces, so that a long file does not become rows all at once. */
export async function* chunksOf(file: DataFile, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < file.bytes; at += chunkBytes)
    yield await file.read(at, Math.min(at + chunkBytes, file.bytes));
}

function inMemory(bytes: Uint8Array): DataFile {
  return { bytes: bytes.byteLength, read: async (from, to) => bytes.subarray(from, to) };
}
