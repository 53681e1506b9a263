/** A spec's data on this machine: files by their paths, folders and patterns as lists of files. */
import { createHash } from "node:crypto";
import { open as openPath } from "node:fs/promises";
import { resolve } from "node:path";
import { findData } from "@amaas/client";
import type { DataFile, OpenFile } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import { type DataSpec, isUrl, type ManifestFile, writeManifest } from "@amaas/spec";
import { sizeOfFile } from "../size-of-file.ts";

export interface LocalData {
  readonly data: DataSpec;
  readonly open: OpenFile;
}

export async function openLocal(data: DataSpec, baseDirectory: string): Promise<LocalData> {
  const byPath: OpenFile = (ref) => openFile(resolve(baseDirectory, ref));
  const urls = [data.format === "arrays" ? data.features : data.file].filter(isUrl);
  if (urls.length > 0)
    throw new DomainError(
      "failed-precondition",
      "the data is at a URL, which trainers read and this machine does not; submit the job, then ask for `amaas data JOB_ID`",
    );
  if (data.format === "arrays") return { data, open: byPath };
  const found = await findData(baseDirectory, data.file, data.format);
  if (typeof found === "string") return { data, open: byPath };
  // Names in place of digests: nothing leaves this machine, so nothing has to be hashed.
  const paths = new Map(found.map(({ path }) => [nameOf(path), path]));
  const files = found.map(
    ({ name, path }): ManifestFile => ({ path: name, digest: nameOf(path), bytes: 0 }),
  );
  const manifest = writeManifest(files);
  const list = nameOf("the list of files");
  return {
    data: { ...data, file: `files:${list}` },
    open: async (ref) =>
      ref === list ? manifest : openFile(paths.get(ref) ?? resolve(baseDirectory, ref)),
  };
}

function nameOf(path: string): string {
  return `sha256:${createHash("sha256").update(path).digest("hex")}`;
}

async function openFile(path: string): Promise<DataFile> {
  const bytes = await sizeOfFile(path, "the data");
  return {
    bytes,
    async read(from, to) {
      await using file = await openPath(path);
      const buffer = new Uint8Array(to - from);
      for (let done = 0; done < buffer.length; ) {
        const { bytesRead } = await file.read(buffer, done, buffer.length - done, from + done);
        if (bytesRead === 0) throw new Error(`${path} has become shorter`);
        done += bytesRead;
      }
      return buffer;
    },
  };
}
