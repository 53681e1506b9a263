/**
 * What models and aliases may be called.
 *
 * Names stand in URLs, metrics and in the file names of those who download, so they are short and
 * plain. An alias begins with a letter: `digits@3` and `digits@champion` are never confused.
 */
import type { Violation } from "@amaas/errors";
import { aliasNotFound, found, modelNotFound } from "./errors.ts";

const modelName = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/;
const aliasName = /^[a-z]([a-z0-9._-]{0,62}[a-z0-9])?$/;

export function modelNameFaults(field: string, name: string): Violation[] {
  return matches(field, name, modelName, "a letter or digit first and last");
}

export function aliasNameFaults(field: string, name: string): Violation[] {
  return matches(field, name, aliasName, "a letter first and a letter or digit last");
}

/** NOT_FOUND for names that nothing can have, so that only well-formed ones are looked up. */
export function requireNames(model: string, alias?: string): void {
  if (!modelName.test(model)) throw modelNotFound(model);
  if (alias !== undefined && !aliasName.test(alias)) throw aliasNotFound(model, alias);
}

function matches(field: string, name: string, pattern: RegExp, ends: string): Violation[] {
  if (pattern.test(name)) return [];
  const wanted = `1 to 64 of a-z, 0-9, '.', '_' and '-', with ${ends}`;
  return [{ field, description: `found ${found(name)}, wanted ${wanted}` }];
}
