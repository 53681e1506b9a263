/** A job's document with other rows to learn from, as a trial that keeps no version. */
import { DomainError } from "@amaas/errors";

type Fields = Readonly<Record<string, unknown>>;

/** The fields of `split` are laid over the document's own. A trial has no gate: nothing would move. */
export function variation(document: unknown, split: Fields): Fields {
  if (!isFields(document))
    throw new DomainError("invalid-argument", "the file holds no job: wanted fields such as name");
  const { gate: _, ...job } = document;
  const own = isFields(job.split) ? job.split : {};
  return { ...job, split: { ...own, ...split }, register: false };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
