/**
 * The files that a spec speaks of: paths on the user's side, digests on the server's.
 */
import type { Violation } from "@amaas/errors";
import type { FileRef, JobSpec } from "./job-spec.ts";
import { faultySpec, parseJobSpec } from "./parse.ts";

const filesPrefix = "files:";

export function isDigest(ref: FileRef): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(ref);
}

/** Whether it is the digest of a list of files, which are read as one. */
export function isFilesDigest(ref: FileRef): boolean {
  return ref.startsWith(filesPrefix) && isDigest(ref.slice(filesPrefix.length));
}

/** The digest that a reference to uploaded bytes has: of a file, or of a list of files. */
export function digestIn(ref: FileRef): string {
  return ref.startsWith(filesPrefix) ? ref.slice(filesPrefix.length) : ref;
}

/** What a folder is uploaded as: its files, and `{"files": […]}`, the list of them. */
export interface ManifestFile {
  /** Within the folder, with forward slashes. */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

export function writeManifest(files: readonly ManifestFile[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ files }));
}

/** The paths that have to be uploaded, each once; digests are not among them. */
export function fileRefs(spec: JobSpec): readonly string[] {
  const refs = filesOf(spec).map(({ ref }) => ref);
  return [...new Set(refs)].filter((ref) => !isUploaded(ref));
}

/** The document's spec, in which the paths that `digests` knows are replaced by their digests. */
export function withFileRefs(document: unknown, digests: ReadonlyMap<string, string>): JobSpec {
  const replaced = (ref: FileRef): FileRef => digests.get(ref) ?? ref;
  const spec = parseJobSpec(document);
  const { data, architecture } = spec;
  return {
    ...spec,
    ...(architecture.type === "onnx" && {
      architecture: { ...architecture, file: replaced(architecture.file) },
    }),
    data:
      data.format === "arrays"
        ? {
            ...data,
            features: replaced(data.features),
            ...(data.labels !== undefined && { labels: replaced(data.labels) }),
          }
        : { ...data, file: replaced(data.file) },
  };
}

/** @throws DomainError invalid-argument where the spec still names a file by its path. */
export function requireDigests(spec: JobSpec): void {
  const faults: Violation[] = filesOf(spec)
    .filter(({ ref }) => !isUploaded(ref))
    .map(({ field, ref }) => ({
      field,
      description: `found ${JSON.stringify(ref.slice(0, 80))}, which is a path; upload the file and give its digest, sha256:<hex>`,
    }));
  if (faults.length > 0) throw faultySpec(faults);
}

function isUploaded(ref: FileRef): boolean {
  return isDigest(ref) || isFilesDigest(ref);
}

export interface FileField {
  readonly field: string;
  readonly ref: FileRef;
}

/** The fields that name files, and what they name. */
export function filesOf({ data, architecture }: JobSpec): readonly FileField[] {
  const began = architecture.type === "onnx" ? architecture.file : undefined;
  return [
    ...dataFilesOf(data),
    ...(began === undefined ? [] : [{ field: "architecture.file", ref: began }]),
  ];
}

function dataFilesOf(data: JobSpec["data"]): readonly FileField[] {
  if (data.format !== "arrays") return [{ field: "data.file", ref: data.file }];
  const { features, labels } = data;
  return [
    { field: "data.features", ref: features },
    ...(labels === undefined ? [] : [{ field: "data.labels", ref: labels }]),
  ];
}
