/**
 * Writes a model: whole or not at all, never over a file that it was made from. A model too large for one file
 * keeps its weights in a second one beside it. What is no ordinary file (a pipe, a device) is written to as it
 * is; "-" is stdout.
 */
import { randomUUID } from "node:crypto";
import { accessSync, constants, realpathSync, type Stats, statSync } from "node:fs";
import { realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { DomainError, errorMessage } from "@amaas/errors";
import { type Graph, type Model, summarize, writeModel, writeModelWithData } from "@amaas/graph";
import { UsageError } from "../failure.ts";
import type { Shell } from "../shell.ts";
import type { LoadedFile } from "./load-model.ts";

export interface Target {
  /** What the user calls it. */
  readonly name: string;
  write(model: Model): Promise<Written>;
}

export interface Written {
  /** Of the model, the weights beside it not counted. */
  readonly bytes: number;
  /** The file of the weights, as the user would call it, if there is one. */
  readonly data: string | undefined;
}

/** A file of ONNX ends at 2 GiB; the nodes and names need room too. */
const largestWeights = 2 ** 31 - 2 ** 27;

/** Refuses at once what could not be written at the end of a long computation. */
export function openTarget(
  shell: Shell,
  file: string,
  sources: readonly LoadedFile[],
  largest = largestWeights,
): Target {
  if (file === "-") return standardOutput(shell, largest);
  const path = resolve(shell.directory, file);
  const there = lookAt(path, file, sources);
  wantWritable(path, file, there);
  return {
    name: file,
    async write(model) {
      const write = there && !there.isFile() ? writeTo : replace;
      if (weightsOf(model.graph) <= largest) {
        const bytes = writeModel(model);
        await write(path, [bytes]);
        return { bytes: bytes.byteLength, data: undefined };
      }
      const data = `${file}.data`;
      lookAt(`${path}.data`, data, sources);
      const written = writeModelWithData(model, { location: `${basename(path)}.data` });
      await replace(`${path}.data`, written.data);
      await write(path, [written.model]);
      return { bytes: written.model.byteLength, data };
    },
  };
}

function standardOutput({ stdout }: Shell, largest: number): Target {
  if (stdout.isTTY)
    throw new UsageError(
      "found -o - at a terminal, wanted a pipe or a file for the bytes of a model",
    );
  return {
    name: "stdout",
    async write(model) {
      if (weightsOf(model.graph) > largest)
        throw new DomainError(
          "invalid-argument",
          "the model is too large for one file, and nothing lies beside stdout; name a file to write to",
        );
      const bytes = writeModel(model);
      stdout.write(bytes);
      return { bytes: bytes.byteLength, data: undefined };
    },
  };
}

function weightsOf(graph: Graph): number {
  const { parameters, constants } = summarize(graph);
  return parameters.bytes + constants.bytes;
}

/** What is there already, if it may be replaced. */
function lookAt(path: string, name: string, sources: readonly LoadedFile[]): Stats | undefined {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw unwritable(name, "it is a folder");
  if (there && sources.some((source) => isSame(there, statSync(source.path))))
    throw new UsageError(`${name} is a file of the model itself; wanted another to write to`);
  return there;
}

/** What is replaced is first written beside itself, so its folder has to take a file; a device is written to. */
function wantWritable(path: string, name: string, there: Stats | undefined): void {
  const place = there && !there.isFile() ? path : dirname(there ? realpathSync(path) : path);
  if (!there && !statSync(place, { throwIfNoEntry: false })?.isDirectory())
    throw unwritable(name, `there is no folder ${place}`);
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    throw unwritable(name, errorMessage(error), error);
  }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** A link stays one, and what it leads to is replaced. */
async function replace(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const real = await realpath(path).catch(() => path);
  const unfinished = `${real}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, pieces, { flag: "wx" });
    await rename(unfinished, real);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw unwritable(path, errorMessage(error), error);
  }
}

async function writeTo(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  try {
    await writeFile(path, pieces);
  } catch (error) {
    throw unwritable(path, errorMessage(error), error);
  }
}

function unwritable(path: string, why: string, cause?: unknown): DomainError {
  return new DomainError("failed-precondition", `cannot write ${path}: ${why}`, { cause });
}
