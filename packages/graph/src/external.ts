/**
 * The files that a model keeps tensors in. None is opened here: the caller hands over the bytes of each, and what
 * the model says of places in them is checked against what is there.
 */
import type { StringStringEntryProto } from "@amaas/proto/onnx/onnx";
import { misfit } from "./misfit.ts";

/** The bytes of the file at a location, which is a relative path that never leads out of the model's own folder. */
export type ExternalData = (location: string) => Uint8Array;

/** Tensors may share bytes; a small model whose tensors are all of one large file would take for ever to look at. */
const mostShared = { times: 16, bytes: 2 ** 28 };

interface ExternalFile {
  readonly bytes: Uint8Array;
  /** The bytes of all parts of it that were asked for. */
  wanted: number;
}

export class ExternalFiles {
  readonly #read: ExternalData | undefined;
  readonly #files = new Map<string, ExternalFile>();

  constructor(read: ExternalData | undefined) {
    this.#read = read;
  }

  /** A view of the bytes that the entries of a tensor name; `wanted` is what its type and shape take. */
  part(entries: readonly StringStringEntryProto[], wanted: number): Uint8Array {
    const given = new Map(entries.map(({ key, value }) => [key, value]));
    const location = safeLocation(given.get("location"));
    const offset = wholeNumber("offset", given.get("offset") ?? "0");
    const length = wholeNumber("length", given.get("length") ?? `${wanted}`);
    if (length !== wanted)
      misfit(`its type and shape take ${wanted} bytes, but ${length} are kept in "${location}"`);
    const file = this.#file(location);
    const { byteLength } = file.bytes;
    if (offset + length > byteLength)
      misfit(
        `bytes ${offset} to ${offset + length} of "${location}" are wanted, which has ${byteLength}`,
      );
    file.wanted += length;
    if (file.wanted > Math.max(mostShared.bytes, mostShared.times * byteLength))
      misfit(`the ${byteLength} bytes of "${location}" are shared by too many tensors`);
    return file.bytes.subarray(offset, offset + length);
  }

  #file(location: string): ExternalFile {
    const known = this.#files.get(location);
    if (known) return known;
    if (!this.#read)
      return misfit(
        `its data is in the file "${location}": hand over that file's bytes with { external: (location) => bytes }`,
      );
    const file = { bytes: this.#read(location), wanted: 0 };
    this.#files.set(location, file);
    return file;
  }
}

/**
 * Whoever opens the file must be able to take the location as it is, on any system. One file has one location, so
 * that it is not asked for again and again.
 */
export function safeLocation(location: string | undefined): string {
  if (!location) return misfit("the location of its data is not given");
  const parts = location.split("/");
  const leavesFolder = parts.includes("..") || parts[0] === "";
  if (leavesFolder || /[\\:\0]/.test(location))
    misfit(`the location of its data, "${location}", may lie outside the folder of the model`);
  const plain = parts.filter((part) => part !== "" && part !== ".").join("/");
  return plain || misfit(`the location of its data, "${location}", is no file`);
}

function wholeNumber(what: string, text: string): number {
  const number = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(number)
    ? number
    : misfit(`the ${what} of its data is "${text}", no whole number`);
}
