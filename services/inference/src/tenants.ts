/**
 * The variable that says what each tenant may have: JSON, by name, and `*` for all who are not named.
 *
 *   {"gold": {"weight": 4}, "*": {"concurrency": 20, "perSecond": 100}}
 *
 * What is left out is weight 1, and any number of requests.
 */
import { Limits, systemClock, type TenantLimit, unlimited } from "@amaas/batching";
import type { Field, Parsed } from "@amaas/config";

export type Tenants = ReadonlyMap<string, TenantLimit>;

const others = "*";

const wanted: { readonly [K in keyof TenantLimit]: [holds: (value: number) => boolean, string] } = {
  weight: [(value) => value > 0 && value <= 1e6, "a number above 0, at most a million"],
  concurrency: [(value) => Number.isSafeInteger(value) && value >= 1, "a whole number from 1"],
  perSecond: [(value) => value > 0, "a number above 0"],
};

export function tenants(name: string, options: { readonly describe: string }): Field<Tenants> {
  return {
    name,
    ...options,
    parse: (text) => (text === undefined ? { value: new Map() } : parseTenants(text)),
  };
}

export function limitsOf(table: Tenants): Limits {
  return new Limits(table, table.get(others) ?? unlimited, systemClock);
}

function parseTenants(text: string): Parsed<Tenants> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    return { fault: `found what is not JSON (${String(error)}), wanted an object by tenant` };
  }
  if (!isObject(found)) return { fault: "wanted an object by tenant" };
  const faults = Object.entries(found).flatMap(([tenant, limit]) => faultsOf(tenant, limit));
  if (faults.length > 0) return { fault: faults.join("; ") };
  const entries = Object.entries(found) as [string, Partial<TenantLimit>][];
  return { value: new Map(entries.map(([tenant, limit]) => [tenant, { ...unlimited, ...limit }])) };
}

function faultsOf(tenant: string, limit: unknown): string[] {
  if (!isObject(limit)) return [`${tenant} is not an object`];
  return Object.entries(limit).flatMap(([key, value]) => {
    if (!isKey(key))
      return [`${tenant}.${key} is not known, wanted ${Object.keys(wanted).join(", ")}`];
    const [holds, what] = wanted[key];
    if (typeof value === "number" && holds(value)) return [];
    return [`${tenant}.${key} is ${JSON.stringify(value)}, wanted ${what}`];
  });
}

function isKey(key: string): key is keyof TenantLimit {
  return Object.hasOwn(wanted, key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
