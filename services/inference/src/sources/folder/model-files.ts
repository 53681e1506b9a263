/**
 * A version's model among its files: the ONNX file and those that it keeps weights in. What it is known by covers all
 * of them, and it is read as one file, each weight right to its place in it.
 */
import { createHash } from "node:crypto";
import { DomainError } from "@amaas/errors";
import { type Assembly, assemblyOf, type Part } from "./external-data.ts";
import type { FileLook, Place } from "./file-look.ts";

/** A file in the folder, or one that was sent in its place. */
export interface ModelFile {
  /** Where it is, unless it was sent. */
  readonly look?: FileLook;
  readonly bytes: number;
  /** sha256:<hex> */
  digest(): Promise<string>;
  read(): Promise<Uint8Array>;
  readPlaces(places: readonly Place[]): Promise<void>;
}

export interface ModelFiles {
  readonly digest: string;
  readonly bytes: number;
  readonly read: () => Promise<Uint8Array>;
  /** If one file in the folder is all there is. */
  readonly file?: FileLook;
}

/** Weights may share bytes; a small file that all of a model's weights are read from again and again is a bomb. */
const mostShared = { times: 16, bytes: 2 ** 28 };

/** `find` gives the file beside the model's, or throws why there is none. */
export async function modelFiles(
  model: ModelFile,
  locations: readonly string[],
  find: (name: string) => ModelFile,
): Promise<ModelFiles> {
  if (locations.length === 0) {
    const { look, bytes } = model;
    const digest = await model.digest();
    return { digest, bytes, read: () => model.read(), ...(look && { file: look }) };
  }
  const data = new Map(locations.map((location) => [location, find(location)]));
  const digests = [["", await model.digest()]];
  let { bytes } = model;
  for (const [location, file] of data) {
    digests.push([location, await file.digest()]);
    bytes += file.bytes;
  }
  const hash = createHash("sha256").update(JSON.stringify(digests)).digest("hex");
  const read = async () => assembled(assemblyOf(await model.read()), data);
  return { digest: `sha256:${hash}`, bytes, read };
}

/** The files beside the model that it has weights in. */
export function locationsOf(model: Uint8Array): readonly string[] {
  return [...Map.groupBy(partsOf(assemblyOf(model)), ({ location }) => location).keys()].sort();
}

async function assembled(
  assembly: Assembly,
  data: ReadonlyMap<string, ModelFile>,
): Promise<Uint8Array> {
  for (const [location, parts] of Map.groupBy(partsOf(assembly), ({ location }) => location))
    check(parts, location, data.get(location));
  const whole = new Uint8Array(assembly.bytes);
  const places = new Map<string, Place[]>();
  let at = 0;
  for (const piece of assembly.pieces) {
    if (piece instanceof Uint8Array) whole.set(piece, at);
    const length = piece instanceof Uint8Array ? piece.byteLength : piece.length;
    if (!(piece instanceof Uint8Array)) {
      const here = places.get(piece.location) ?? [];
      here.push({ target: whole.subarray(at, at + length), offset: piece.offset });
      places.set(piece.location, here);
    }
    at += length;
  }
  for (const [location, wanted] of places) await data.get(location)?.readPlaces(wanted);
  return whole;
}

/** Before memory is taken for any of it. */
function check(parts: readonly Part[], location: string, file: ModelFile | undefined): void {
  // The model has changed since it was looked at.
  if (!file) throw new DomainError("unavailable", `the data file '${location}' was not there`);
  let wanted = 0;
  for (const { tensor, offset, length } of parts) {
    wanted += length;
    if (offset + length > file.bytes)
      throw new DomainError(
        "invalid-argument",
        `tensor '${tensor.slice(0, 80)}' is bytes ${offset} to ${offset + length} of '${location}', which has ${file.bytes}`,
      );
  }
  if (wanted > Math.max(mostShared.bytes, mostShared.times * file.bytes))
    throw new DomainError(
      "invalid-argument",
      `the ${file.bytes} bytes of '${location}' are shared by too many tensors, which have ${wanted} together`,
    );
}

function partsOf({ pieces }: Assembly): Part[] {
  return pieces.filter((piece): piece is Part => !(piece instanceof Uint8Array));
}
