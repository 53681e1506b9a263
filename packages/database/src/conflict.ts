/** Two transactions could not both be done. One of them is told so, and is run again. */
import { DomainError } from "@amaas/errors";

/** A class of its own, since a service may say `aborted` for reasons of its own. */
export class TransactionConflict extends DomainError {
  constructor(cause: unknown) {
    super("aborted", "the transaction conflicts with another one", { cause });
  }
}
