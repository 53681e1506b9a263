/** How large a file is that the user named, or what is wrong with the name. */
import { stat } from "node:fs/promises";
import { DomainError, errorMessage } from "@amaas/errors";

/** `what` the file was to be, as in "cannot read the job". */
export async function sizeOfFile(path: string, what: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const why = missing ? `there is no file ${path}` : errorMessage(error);
    throw new DomainError("not-found", `cannot read ${what}: ${why}`, { cause: error });
  });
  if (found.isFile()) return found.size;
  throw new DomainError("invalid-argument", `cannot read ${what}: ${path} is not a file`);
}
