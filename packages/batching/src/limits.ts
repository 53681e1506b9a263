/**
 * What each tenant may have at a time and start in a second.
 *
 * Rates are token buckets that hold one second's worth, at least one request. A tenant is known while
 * it has requests or owes tokens, so names that are made up cost no memory for long.
 */
import { DomainError } from "@amaas/errors";
import type { Clock } from "./clock.ts";

export interface TenantLimit {
  /** What it gets in proportion to others where they compete; above 0. */
  readonly weight: number;
  /** Requests at a time; infinite where any number may be. */
  readonly concurrency: number;
  /** Requests in a second; infinite where any number may be. */
  readonly perSecond: number;
}

export const unlimited: TenantLimit = {
  weight: 1,
  concurrency: Number.POSITIVE_INFINITY,
  perSecond: Number.POSITIVE_INFINITY,
};

interface Tenant {
  running: number;
  /** Of the bucket, at `at`. */
  tokens: number;
  at: number;
}

export class Limits {
  readonly #table: ReadonlyMap<string, TenantLimit>;
  readonly #others: TenantLimit;
  readonly #clock: Pick<Clock, "now">;
  readonly #tenants = new Map<string, Tenant>();
  #forgetAt = 256;

  /** `others` holds for each tenant that is not in the table by itself. */
  constructor(
    table: ReadonlyMap<string, TenantLimit>,
    others: TenantLimit,
    clock: Pick<Clock, "now">,
  ) {
    this.#table = table;
    this.#others = others;
    this.#clock = clock;
  }

  /** Tenants that something is kept of. */
  get known(): number {
    return this.#tenants.size;
  }

  weightOf(tenant: string): number {
    return this.#limitOf(tenant).weight;
  }

  /** To be called before a request; what is returned, once when it is over. Throws if it may not be. */
  enter(name: string): () => void {
    const limit = this.#limitOf(name);
    if (
      limit.concurrency === Number.POSITIVE_INFINITY &&
      limit.perSecond === Number.POSITIVE_INFINITY
    )
      return free;
    const now = this.#clock.now();
    const tenant = this.#tenantOf(name, limit, now);
    if (tenant.running >= limit.concurrency) throw tooManyAtATime(name, limit.concurrency);
    this.#takeToken(name, tenant, limit, now);
    tenant.running++;
    let over = false;
    return () => {
      if (!over) tenant.running--;
      over = true;
    };
  }

  #takeToken(name: string, tenant: Tenant, { perSecond }: TenantLimit, now: number): void {
    if (perSecond === Number.POSITIVE_INFINITY) return;
    const tokens = tokensAt(tenant, perSecond, now);
    if (tokens < 1) throw tooManyInASecond(name, perSecond, ((1 - tokens) / perSecond) * 1000);
    tenant.tokens = tokens - 1;
    tenant.at = now;
  }

  #limitOf(tenant: string): TenantLimit {
    return this.#table.get(tenant) ?? this.#others;
  }

  #tenantOf(name: string, { perSecond }: TenantLimit, now: number): Tenant {
    const found = this.#tenants.get(name);
    if (found) return found;
    if (this.#tenants.size >= this.#forgetAt) this.#forget(now);
    const tenant = { running: 0, tokens: capacity(perSecond), at: now };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  /** Those who have nothing running and a full bucket are as new. */
  #forget(now: number): void {
    for (const [name, tenant] of this.#tenants) {
      const { perSecond } = this.#limitOf(name);
      if (tenant.running === 0 && tokensAt(tenant, perSecond, now) >= capacity(perSecond))
        this.#tenants.delete(name);
    }
    this.#forgetAt = 2 * this.#tenants.size + 256;
  }
}

function free(): void {}

function capacity(perSecond: number): number {
  return Math.max(1, perSecond);
}

function tokensAt({ tokens, at }: Tenant, perSecond: number, now: number): number {
  if (perSecond === Number.POSITIVE_INFINITY) return perSecond;
  return Math.min(capacity(perSecond), tokens + ((now - at) / 1000) * perSecond);
}

/** When the next one ends is not known: soon, as a rule. */
const whenOneEndsMs = 100;

function tooManyAtATime(tenant: string, limit: number): DomainError {
  return new DomainError(
    "resource-exhausted",
    `tenant ${quoted(tenant)} has ${limit} requests at a time already, as many as it may`,
    { retryAfterMs: whenOneEndsMs },
  );
}

function tooManyInASecond(tenant: string, perSecond: number, inMs: number): DomainError {
  // Not one more because of the last bit.
  const retryAfterMs = Math.max(1, Math.ceil(inMs - 1e-6));
  return new DomainError(
    "resource-exhausted",
    `tenant ${quoted(tenant)} may start ${perSecond} requests in a second; the next one in ${retryAfterMs} ms`,
    { retryAfterMs },
  );
}

function quoted(name: string): string {
  return `'${name.length > 80 ? `${name.slice(0, 80)}…` : name}'`;
}
