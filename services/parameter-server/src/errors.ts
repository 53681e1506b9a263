/** What this service refuses, and why. */
import { DomainError } from "@amaas/errors";

export const notHosted = (job: string, generation: number, shard: number) =>
  new DomainError(
    "not-found",
    `shard ${shard} of job ${job}, generation ${generation}, is not hosted here`,
  );

export const malformed = (found: string) => new DomainError("invalid-argument", found);

export const tooSlow = (worker: string) =>
  new DomainError("resource-exhausted", `worker ${worker} reads too slowly; join again`);
