/**
 * From the name of a file to the model in it. The files that the model keeps its weights in are looked for beside
 * it, and nowhere else: neither a path nor a link leads out of its folder. Each is read once, into memory that
 * the model's tensors are views of.
 */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import { type Model, readModel } from "@amaas/graph";
import type { Shell } from "../shell.ts";

export interface LoadedFile {
  /** Where it is, all links followed. */
  readonly path: string;
  readonly bytes: number;
  /** What the model calls it; undefined for the model's own file. */
  readonly location: string | undefined;
}

export interface LoadedModel {
  readonly model: Model;
  /** What the user calls it. */
  readonly name: string;
  /** The size of the model's own file. */
  readonly bytes: number;
  /** Every file that it was read from; none for stdin. */
  readonly files: readonly LoadedFile[];
}

/** Protocol buffers cannot be larger. */
const largestModel = 2 ** 31 - 1;
/** One read of the operating system takes no more than 2 GiB. */
const chunk = 2 ** 30;
/** Opening a pipe that nobody writes to must not wait for ever, only to find that it is no file. */
const withoutWaiting = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The bytes of a model, not yet looked into. */
export interface OpenedModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where it lies; undefined for stdin. */
  readonly place: { readonly path: string; readonly folder: string } | undefined;
}

export async function loadModel(shell: Shell, file: string): Promise<LoadedModel> {
  const opened = await openModel(shell, file);
  try {
    return readOpened(opened);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, `${opened.name}: ${error.message}`, {
      violations: error.violations,
      cause: error,
    });
  }
}

export async function openModel(shell: Shell, file: string): Promise<OpenedModel> {
  if (file === "-") return { name: "stdin", bytes: await readInput(shell), place: undefined };
  const path = resolve(shell.directory, file);
  const { bytes, real } = readWhole(path, "the model", largestModel);
  return { name: file, bytes, place: { path: real, folder: realpathSync(dirname(path)) } };
}

export function readOpened({ name, bytes, place }: OpenedModel): LoadedModel {
  // As from a command before a pipe that failed; an empty message would be taken for a model of no version.
  if (bytes.byteLength === 0) throw new DomainError("invalid-argument", "it is empty");
  const files: LoadedFile[] = [];
  if (place) files.push({ path: place.path, bytes: bytes.byteLength, location: undefined });
  const external = (location: string): Uint8Array => {
    const path = insideOf(place?.folder ?? notBeside(location), location);
    const found = readWhole(path, "the weights", Number.MAX_SAFE_INTEGER);
    files.push({ path: found.real, bytes: found.bytes.byteLength, location });
    return found.bytes;
  };
  return { model: readModel(bytes, { external }), name, bytes: bytes.byteLength, files };
}

async function readInput({ input }: Shell): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    const bytes = Buffer.from(part);
    size += bytes.byteLength;
    if (size > largestModel) throw tooLarge("stdin goes on", largestModel);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function notBeside(location: string): never {
  throw new DomainError(
    "invalid-argument",
    `its data is in the file "${location}", and nothing lies beside stdin; name the model's file instead`,
  );
}

/** The path of a location, which the model may have from anywhere. */
function insideOf(folder: string, location: string): string {
  const path = resolve(folder, location);
  const real = realPath(path, "the weights");
  if (real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return path;
  throw new DomainError(
    "permission-denied",
    `"${location}" leads out of the folder ${folder}, to ${real}; put the file itself beside the model`,
  );
}

interface Whole {
  readonly bytes: Uint8Array;
  readonly real: string;
}

/** In one piece of memory of its own, so that aligned places in the file are aligned there too. */
function readWhole(path: string, what: string, largest: number): Whole {
  const real = realPath(path, what);
  const descriptor = attempt(what, path, () => openSync(real, withoutWaiting));
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      throw new DomainError("invalid-argument", `cannot read ${what}: ${path} is not a file`);
    if (stats.size > largest) throw tooLarge(`${path} has ${stats.size} bytes`, largest);
    const bytes = attempt(what, path, () => Buffer.allocUnsafeSlow(stats.size));
    return { bytes: attempt(what, path, () => filled(bytes, descriptor)), real };
  } finally {
    closeSync(descriptor);
  }
}

/** A file that became shorter meanwhile is what it is now. */
function filled(bytes: Buffer, descriptor: number): Buffer {
  let at = 0;
  while (at < bytes.byteLength) {
    const count = readSync(descriptor, bytes, at, Math.min(chunk, bytes.byteLength - at), at);
    if (count === 0) return bytes.subarray(0, at);
    at += count;
  }
  return bytes;
}

function realPath(path: string, what: string): string {
  return attempt(what, path, () => realpathSync(path));
}

function attempt<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const why = missing ? `there is no file ${path}` : errorMessage(error);
    throw new DomainError(
      missing ? "not-found" : "invalid-argument",
      `cannot read ${what}: ${why}`,
      {
        cause: error,
      },
    );
  }
}

function tooLarge(found: string, largest: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `${found}; an ONNX file has at most ${largest}: larger models keep their weights in files beside it`,
  );
}
