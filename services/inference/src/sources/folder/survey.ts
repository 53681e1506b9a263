/**
 * What lies in a model repository, seen without reading a file: `NAME/VERSION/model.onnx` with or
 * without `NAME/config.pbtxt` and `NAME/warmup/…`, or loose `NAME.onnx`, each of which is version 1.
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { DomainError, errorMessage } from "@amaas/errors";
import { isPlainName } from "../../model-config/check.ts";
import { type FileLook, lookAt } from "./file-look.ts";

const mostEntries = 10_000;
export const configFile = "config.pbtxt";

/** A file, or why it cannot be had. */
export type Seen = FileLook | { readonly fault: string };

export interface Survey {
  readonly name: string;
  /** The files beside the versions, by name: the configuration, and what it refers to. */
  readonly files: ReadonlyMap<string, Seen>;
  /** Files that it is warmed up with, by name. */
  readonly warmUp: ReadonlyMap<string, Seen>;
  /** The files of each version, by name. */
  readonly versions: ReadonlyMap<number, ReadonlyMap<string, Seen>>;
  /** The file of every version where it has none of its own to name; model.onnx if left out. */
  readonly file?: string;
  readonly fault?: string;
}

interface Place {
  readonly root: string;
  readonly path: string;
  readonly isFile: boolean;
}

/** Where each model lies; a folder comes before a file of the same name. */
export async function placesIn(folder: string): Promise<Map<string, Place>> {
  const root = await realpath(folder);
  const places = new Map<string, Place>();
  if ((await stat(root)).isFile()) {
    const name = nameOfFile(basename(root));
    if (name === undefined)
      throw new DomainError("invalid-argument", `${folder} is no folder and no .onnx file`);
    return places.set(name, { root, path: root, isFile: true });
  }
  for (const entry of await list(root)) {
    if (entry.name.startsWith(".")) continue;
    const path = join(root, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(path)));
    const name = isFolder ? entry.name : nameOfFile(entry.name);
    if (name !== undefined && (isFolder || !places.has(name)))
      places.set(name, { root, path, isFile: !isFolder });
  }
  return places;
}

/** Undefined where the place looks like no model at all. */
export async function survey(name: string, place: Place): Promise<Survey | undefined> {
  try {
    return await look(name, place);
  } catch (error) {
    const fault = faultIn(place.root, error);
    return { name, files: new Map(), warmUp: new Map(), versions: new Map(), fault };
  }
}

async function look(name: string, { root, path, isFile }: Place): Promise<Survey | undefined> {
  if (isFile) {
    const file = basename(path);
    checkName(name);
    const files = new Map([[file, await seen(root, path)]]);
    return { name, files: new Map(), warmUp: new Map(), versions: new Map([[1, files]]), file };
  }
  const entries = await list(await inside(root, path));
  const numbers = entries.flatMap((entry) => versionOf(entry.name) ?? []);
  const isModel = entries.some(({ name }) => name === configFile || name.endsWith(".onnx"));
  if (numbers.length === 0 && !isModel) return undefined;
  checkName(name);
  const versions = new Map<number, Map<string, Seen>>();
  for (const number of numbers) versions.set(number, await filesOf(root, join(path, `${number}`)));
  const hasWarmUp = entries.some((entry) => entry.name === "warmup");
  const warmUp = hasWarmUp ? await filesOf(root, join(path, "warmup")) : new Map<string, Seen>();
  const beside = entries.filter((entry) => !entry.isDirectory());
  return { name, files: await lookAtAll(root, path, beside), warmUp, versions };
}

/** The same text for what has not changed. */
export function textOf(surveyed: Survey | undefined): string {
  if (!surveyed) return "";
  const { files, warmUp, versions, fault } = surveyed;
  const print = (seen: ReadonlyMap<string, Seen>) =>
    [...seen].map(([name, file]) => [name, "fault" in file ? file.fault : file.fingerprint]).sort();
  const printed = [...versions].map(([number, seen]) => [number, print(seen)]);
  return JSON.stringify([print(files), print(warmUp), printed.sort(), fault]);
}

async function filesOf(root: string, folder: string): Promise<Map<string, Seen>> {
  return lookAtAll(root, folder, await list(await inside(root, folder)));
}

async function lookAtAll(
  root: string,
  folder: string,
  entries: readonly { readonly name: string }[],
): Promise<Map<string, Seen>> {
  const files = new Map<string, Seen>();
  for (const { name } of entries)
    if (isPlainName(name)) files.set(name, await seen(root, join(folder, name)));
  return files;
}

async function seen(root: string, path: string): Promise<Seen> {
  try {
    return (await lookAt(root, path)) ?? { fault: `${relative(root, path)} is not there` };
  } catch (error) {
    return { fault: faultIn(root, error) };
  }
}

/** It is told to whoever asks for the model: where in the repository, and not where that is. */
function faultIn(root: string, error: unknown): string {
  return errorMessage(error).replaceAll(`${root}${sep}`, "");
}

async function inside(root: string, path: string): Promise<string> {
  const real = await realpath(path);
  if (!`${real}/`.startsWith(`${root}/`))
    throw new DomainError("invalid-argument", `${path} leads out of the repository`);
  return real;
}

async function list(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.length > mostEntries)
    throw new DomainError(
      "invalid-argument",
      `${folder} has ${entries.length} entries; wanted at most ${mostEntries}`,
    );
  return entries;
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Positive, and written without leading zeros. */
export function versionOf(name: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(name) ? Number(name) : undefined;
}

function nameOfFile(file: string): string | undefined {
  return file.endsWith(".onnx") && file.length > ".onnx".length
    ? file.slice(0, -".onnx".length)
    : undefined;
}

export function checkName(name: string): void {
  if (!isPlainName(name))
    throw new DomainError(
      "invalid-argument",
      `'${name.slice(0, 80)}' is no model's name; wanted letters, digits, '_', '.' and '-', a letter, digit or '_' first`,
    );
}
