/** The refusal to differentiate, in the terms of whoever wrote the graph. */
import { DomainError } from "@amaas/errors";

export function refuse(message: string): never {
  throw new DomainError("invalid-argument", message);
}
