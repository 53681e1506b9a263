/**
 * The refusal of a graph that is not well formed. Whoever finds a fault says what was found and what was
 * wanted; whoever knows the node adds its name on the way out.
 */
import { DomainError, isDomainError } from "@amaas/errors";

const longest = 1000;

export function misfit(message: string): never {
  throw new DomainError("invalid-argument", clip(message));
}

/** Names come from files and may be of any length; a message is for a person. */
export function clip(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}...`;
}

/** Runs `work`; a refusal inside is told with `where` in front. */
export function within<T>(where: () => string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const { violations } = error;
    throw new DomainError(error.code, clip(`${where()}: ${error.message}`), {
      violations,
      cause: error,
    });
  }
}
