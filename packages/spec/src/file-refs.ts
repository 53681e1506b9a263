/**
 * The files that a spec speaks of: paths on the user's side, digests on the server's.
 */
import type { Violation } from "@amaas/errors";
import type { DataSpec, FileRef, JobSpec } from "./job-spec.ts";
import { faultySpec, parseJobSpec } from "./parse.ts";
import { isUrl } from "./url-refs.ts";

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

/** The paths that have to be uploaded, each once; digests and URLs are not among them. */
export function fileRefs(spec: JobSpec): readonly string[] {
  const refs = filesOf(spec).map(({ ref }) => ref);
  return [...new Set(refs)].filter((ref) => !isUploaded(ref));
}

/** The document's spec, in which the paths and URLs that `digests` knows are replaced by their digests. */
export function withFileRefs(document: unknown, digests: ReadonlyMap<string, string>): JobSpec {
  const spec = parseJobSpec(document);
  const { data, architecture } = spec;
  const replaced = (ref: FileRef): FileRef => digests.get(ref) ?? ref;
  const names: FileNames = Object.fromEntries(
    namesIn(data).map(({ key, ref }) => [key, replaced(ref)]),
  );
  return {
    ...spec,
    ...(architecture.type === "onnx" && {
      architecture: { ...architecture, file: replaced(architecture.file) },
    }),
    data: { ...data, ...names },
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

/** Whether nobody has to upload it any more. */
function isUploaded(ref: FileRef): boolean {
  return isDigest(ref) || isFilesDigest(ref) || isUrl(ref);
}

export interface FileField {
  readonly field: string;
  readonly ref: FileRef;
}

type FileNames = { readonly [K in "features" | "file" | "labels"]?: FileRef };

/** The fields of each format that name files. */
const namesOf: { readonly [F in DataSpec["format"]]: readonly (keyof FileNames)[] } = {
  arrays: ["features", "labels"],
  arrow: ["file"],
  csv: ["file"],
  images: ["file", "labels"],
  json: ["file"],
  jsonl: ["file"],
  parquet: ["file"],
  text: ["file"],
};

function namesIn(data: DataSpec) {
  const names: FileNames = data;
  return namesOf[data.format].flatMap((key) => {
    const ref = names[key];
    return ref === undefined ? [] : [{ key, ref }];
  });
}

/** The fields that name files, and what they name. */
export function filesOf({ data, architecture }: JobSpec): readonly FileField[] {
  const began = architecture.type === "onnx" ? architecture.file : undefined;
  return [
    ...namesIn(data).map(({ key, ref }) => ({ field: `data.${key}`, ref })),
    ...(began === undefined ? [] : [{ field: "architecture.file", ref: began }]),
  ];
}
