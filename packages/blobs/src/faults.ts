/**
 * What a failure of the file system means to a caller.
 *
 * A full or failing disk is the store's trouble, not the caller's: `unavailable`, so that it is
 * tried again and works once there is room. What is not in the table passes on as it came.
 */
import { DomainError } from "@amaas/errors";

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would exceed the largest size allowed",
  EROFS: "the file system is read-only",
  EIO: "the device failed",
  EMFILE: "too many files are open in this process",
  ENFILE: "too many files are open on this machine",
  ENOMEM: "the machine is out of memory",
  EBUSY: "the device is busy",
  ESTALE: "the network file system lost the file",
  ETIMEDOUT: "the network file system does not answer",
  EACCES: "the store's folder may not be accessed",
  EPERM: "the store's folder may not be changed",
  ENOENT: "the store's folder is gone",
  ENOTDIR: "a part of the store's path is not a folder",
};

/** Turns what the file system threw into what the caller should hear; passes on all else. */
export function storageFault(action: string, error: unknown): unknown {
  const code = errorCode(error);
  const reason = code === undefined ? undefined : reasons[code];
  if (reason === undefined) return error;
  return new DomainError("unavailable", `cannot ${action}: ${reason} (${code})`, { cause: error });
}

/** The `ENOENT`-like code of a system error, if it is one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
