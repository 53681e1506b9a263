/**
 * From what is wanted to what answers requests: the model is opened, it is decided how its requests
 * share runs, and every size of batch that may come is run once.
 */
import type { ServingSession } from "@amaas/engine";
import type { Telemetry } from "@amaas/telemetry";
import { alone, type Batching, batchingOf } from "./batching.ts";
import type { Events } from "./events.ts";
import type { Verdict } from "./examination/examiner.ts";
import { type Common, type LoadedVersion, loadedVersion, type Opened } from "./loaded-version.ts";
import type { Load, OnFailure } from "./loader.ts";
import { completeConfig, statesBatching } from "./model-config/complete.ts";
import type { Wanted } from "./model-version.ts";
import { strayOutput } from "./rows-alone.ts";
import { hasRows } from "./trial-feeds.ts";
import { batchSizes, warm } from "./warm.ts";

type Open = (wanted: Wanted, signal: AbortSignal, onFailure?: OnFailure) => Promise<LoadedVersion>;

export interface OpenParts {
  readonly load: Load;
  readonly common: Common;
  readonly events: Pick<Events, "rowsNotTogether">;
  readonly tracer: Telemetry["tracer"];
}

export function createOpener(parts: OpenParts): Open {
  const { load, common, events, tracer } = parts;
  return async (wanted, signal, onFailure) => {
    const { session, instances, verdict } = await load(wanted, signal, onFailure);
    try {
      const ways = await tracer.span("inference.warm", {}, () => warmed(wanted, session, verdict));
      return loadedVersion(wanted, { session, instances, ...ways }, common);
    } catch (error) {
      await session.close();
      throw error;
    }
  };

  async function warmed(
    wanted: Wanted,
    session: ServingSession,
    verdict: Verdict,
  ): Promise<Pick<Opened, "config" | "batching">> {
    const { model, config: given } = wanted;
    const stated = statesBatching(given);
    const config = completeConfig(
      model,
      given,
      session,
      !stated && apart(wanted, session, verdict),
    );
    const batching = await divisible(wanted, session, batchingOf(config, stated));
    const { maxRows, ...policy } = batching.policy;
    const preferred = policy.type === "knobs" ? policy.preferredRows : [];
    const batches = batchSizes(batching.countsRows ? maxRows : 0, preferred);
    await warm(session, { batches, samples: config.modelWarmup });
    return { config, batching };
  }

  /** Whoever said how large a batch may be may still be wrong about the outputs. */
  async function divisible(
    wanted: Wanted,
    session: ServingSession,
    batching: Batching,
  ): Promise<Batching> {
    const isVouchedFor = batching.mostRows !== undefined && batching.policy.maxRows > 1;
    const stray = isVouchedFor ? await strayOutput(session) : undefined;
    if (stray === undefined) return batching;
    events.rowsNotTogether(wanted, stray);
    return alone(batching);
  }

  /** Nobody vouches for rows that are put together, so the model has to show that it keeps them apart. */
  function apart(wanted: Wanted, session: ServingSession, { rowsApart }: Verdict): boolean {
    if (rowsApart === undefined) return true;
    if (hasRows(session)) events.rowsNotTogether(wanted, rowsApart);
    return false;
  }
}
