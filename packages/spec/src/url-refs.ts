/** Files that a spec names by URL, which trainers read, where they are allowed to. */
import type { Check } from "./consistency.ts";
import type { FileRef } from "./job-spec.ts";

export function isUrl(ref: FileRef): boolean {
  return /^https?:\/\//i.test(ref);
}

function faultOf(ref: FileRef | undefined): string | undefined {
  const scheme = ref === undefined ? undefined : /^([a-z][a-z0-9+.-]*):\/\//i.exec(ref)?.[1];
  if (ref === undefined || scheme === undefined) return undefined;
  if (!isUrl(ref)) return `found a URL of ${scheme}://, wanted one of https://`;
  const url = URL.canParse(ref) ? new URL(ref) : undefined;
  if (!url) return "found something like a URL that is none, wanted https://host/path";
  // It would be kept with the job, for everyone to read.
  return url.username !== "" || url.password !== ""
    ? `found a URL of ${url.host} with a user or password in it, wanted one without`
    : undefined;
}

type Names = { readonly [K in "features" | "file" | "labels"]?: FileRef };

const names = ["features", "file", "labels"] as const;

export const urlChecks: readonly Check[] = [
  ...names.map(
    (name): Check => ({
      reads: [`data.${name}`, "data.format"],
      fault({ data }) {
        const refs: Names = data;
        return faultOf(refs[name]);
      },
    }),
  ),
  {
    reads: ["architecture.file", "architecture.type"],
    fault: ({ architecture }) =>
      architecture.type === "onnx" ? faultOf(architecture.file) : undefined,
  },
];
