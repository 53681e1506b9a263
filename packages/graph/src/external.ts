/**
 * The files that a model keeps tensors in. None is opened here: the caller hands over the bytes of each, and what
 * the model says of places in them is checked against what is there.
 */
import type { StringStringEntryProto } from "@amaas/proto/onnx/onnx";
import { misfit } from "./misfit.ts";

/** The bytes of the file at a location, which is a relative path that never leads out of the model's own folder. */
export type ExternalData = (location: string) => Uint8Array;

export class ExternalFiles {
  readonly #read: ExternalData | undefined;
  readonly #files = new Map<string, Uint8Array>();

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
    if (offset + length > file.byteLength)
      misfit(
        `bytes ${offset} to ${offset + length} of "${location}" are wanted, which has ${file.byteLength}`,
      );
    return file.subarray(offset, offset + length);
  }

  #file(location: string): Uint8Array {
    const known = this.#files.get(location);
    if (known) return known;
    if (!this.#read)
      return misfit(
        `its data is in the file "${location}": hand over that file's bytes with { external: (location) => bytes }`,
      );
    const bytes = this.#read(location);
    this.#files.set(location, bytes);
    return bytes;
  }
}

/** Whoever opens the file must be able to take the location as it is, on any system. */
export function safeLocation(location: string | undefined): string {
  if (!location) return misfit("the location of its data is not given");
  const parts = location.split("/");
  const leavesFolder = parts.includes("..") || parts[0] === "";
  if (leavesFolder || /[\\:\0]/.test(location))
    misfit(`the location of its data, "${location}", may lie outside the folder of the model`);
  return location;
}

function wholeNumber(what: string, text: string): number {
  const number = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(number)
    ? number
    : misfit(`the ${what} of its data is "${text}", no whole number`);
}
