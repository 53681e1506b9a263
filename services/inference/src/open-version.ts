/**
 * From what is wanted to what answers requests: the model is opened, it is decided how its requests
 * share runs, and every size of batch that may come is run once.
 */
import type { ServingSession } from "@amaas/engine";
import type { Telemetry } from "@amaas/telemetry";
import { batchingOf } from "./batching.ts";
import type { Events } from "./events.ts";
import { type Common, type LoadedVersion, loadedVersion, type Opened } from "./loaded-version.ts";
import { completeConfig, statesBatching } from "./model-config/complete.ts";
import type { Wanted } from "./model-version.ts";
import { rowsTogether } from "./rows-alone.ts";
import { hasRows } from "./trial-feeds.ts";
import { batchSizes, warm } from "./warm.ts";

type Load<T> = (wanted: Wanted, signal: AbortSignal) => Promise<T>;

export interface OpenParts {
  readonly load: Load<ServingSession>;
  /** Of each version. */
  readonly instances: number;
  readonly common: Common;
  readonly events: Pick<Events, "rowsNotTogether">;
  readonly tracer: Telemetry["tracer"];
}

export function createOpener(parts: OpenParts): Load<LoadedVersion> {
  const { load, instances, common, events, tracer } = parts;
  return async (wanted, signal) => {
    const session = await load(wanted, signal);
    try {
      const ways = await tracer.span("inference.warm", {}, () => warmed(wanted, session));
      return loadedVersion(wanted, { session, instances, ...ways }, common);
    } catch (error) {
      await session.close();
      throw error;
    }
  };

  async function warmed(
    wanted: Wanted,
    session: ServingSession,
  ): Promise<Pick<Opened, "config" | "batching">> {
    const { model, config: given } = wanted;
    const stated = statesBatching(given);
    const config = completeConfig(model, given, session, !stated && (await apart(wanted, session)));
    const batching = batchingOf(config, stated);
    const { maxRows, ...policy } = batching.policy;
    const preferred = policy.type === "knobs" ? policy.preferredRows : [];
    const batches = batchSizes(batching.countsRows ? maxRows : 0, preferred);
    await warm(session, { batches, samples: config.modelWarmup });
    return { config, batching };
  }

  /** Nobody vouches for rows that are put together, so the model has to show that it keeps them apart. */
  async function apart(wanted: Wanted, session: ServingSession): Promise<boolean> {
    if (!hasRows(session)) return false;
    const reason = await rowsTogether(session);
    if (reason !== undefined) events.rowsNotTogether(wanted, reason);
    return reason === undefined;
  }
}
