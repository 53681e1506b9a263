/** Methods of the contract that have no handler yet. */
import { DomainError } from "@amaas/errors";

export function notLanded(method: string): () => never {
  return () => {
    throw new DomainError("unimplemented", `${method} is not implemented`);
  };
}
