/** Opens the store that a URL names. */
import { fileURLToPath } from "node:url";
import { DomainError, errorMessage } from "@amaas/errors";
import { FolderStore } from "./folder-store.ts";
import type { BlobStore } from "./store.ts";

/** `file:///folder` is the one kind there is; the folder is made when the first blob comes. */
export function openBlobs(url: string): BlobStore {
  return new FolderStore(folderOf(url));
}

function folderOf(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.search || parsed.hash) throw new Error("write ? as %3F and # as %23");
    return fileURLToPath(parsed);
  } catch (error) {
    throw new DomainError(
      "invalid-argument",
      `cannot open the blob store ${JSON.stringify(url)}: ${errorMessage(error)}; wanted file:///folder`,
      { cause: error },
    );
  }
}
