/** What this service refuses, and why. */
import { DomainError } from "@amaas/errors";

export const foreignTask = (id: string) =>
  new DomainError("invalid-argument", `task ${id} is not for a trainer`);

export const incomplete = (what: string) =>
  new DomainError("invalid-argument", `a task came without its ${what}`);

export const damaged = (what: string) => new DomainError("data-loss", what);
