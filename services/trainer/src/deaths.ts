/**
 * An end to starting a process again that is killed again: the system kills what takes more memory than
 * there is, and would do so for ever. Something else may kill one, too, and then the next lives.
 */
import { KilledError } from "@amaas/engine";
import { DomainError } from "@amaas/errors";

const MOST_DEATHS = 3;

/** The same work, which fails for good with so many deaths in a row. */
export function mortal<T>(work: () => Promise<T>, heapMiB: number): () => Promise<T> {
  let deaths = 0;
  return async () => {
    try {
      return await work();
    } catch (error) {
      deaths = error instanceof KilledError ? deaths + 1 : 0;
      if (deaths < MOST_DEATHS) throw error;
      throw new DomainError(
        "resource-exhausted",
        `the process that reads the data was killed ${deaths} times in a row, as the system does with one that takes more memory than there is: ${heapMiB} MiB for its objects, and beside them at least 4 bytes for each cell; give trainers more memory, or the job less data (data.include, data.ignore)`,
        { cause: error },
      );
    }
  };
}
