/**
 * From the environment to one frozen, typed value, or to one error that names every fault.
 *
 * A variable that is set but empty counts as not set, as containers and shells leave such ones
 * behind. Variables outside the table are none of its business.
 */
import { DomainError, type Violation } from "@amaas/errors";
import type { Field } from "./field.ts";

export type ConfigTable = Readonly<Record<string, Field<unknown>>>;

export type ConfigOf<T extends ConfigTable> = {
  readonly [K in keyof T]: T[K] extends Field<infer V> ? V : never;
};

export class ConfigError extends DomainError {
  constructor(violations: readonly Violation[]) {
    const lines = violations.map(({ field, description }) => `  ${field}: ${description}`);
    super("invalid-argument", `the environment is faulty:\n${lines.join("\n")}`, { violations });
    this.name = "ConfigError";
  }
}

export function readConfig<T extends ConfigTable>(table: T, env: NodeJS.ProcessEnv): ConfigOf<T> {
  const values: Record<string, unknown> = {};
  const violations: Violation[] = [];
  for (const [key, field] of Object.entries(table)) {
    const parsed = field.parse(env[field.name]?.trim() || undefined);
    if ("value" in parsed) values[key] = parsed.value;
    else violations.push({ field: field.name, description: `${parsed.fault} (${field.describe})` });
  }
  if (violations.length > 0) throw new ConfigError(violations);
  return Object.freeze(values) as ConfigOf<T>;
}
