/**
 * From what is wanted to what answers requests: the model is examined, it is decided how its requests share
 * runs, it is opened, and it is run once.
 *
 * Where memory has a budget, a version answers once it is examined, and is opened when it is asked for; before
 * that, if there is room, or if it takes the place of one that is open.
 */
import type { ServingSession } from "@amaas/engine";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import type { Telemetry } from "@amaas/telemetry";
import { alone, type Batching, batchingOf } from "./batching.ts";
import type { Budget } from "./budget.ts";
import type { Events } from "./events.ts";
import type { Verdict } from "./examination/examiner.ts";
import { type Common, type LoadedVersion, loadedVersion } from "./loaded-version.ts";
import type { Loader, OnFailure } from "./loader.ts";
import { instancesOf } from "./model-config/check.ts";
import { completeConfig, statesBatching } from "./model-config/complete.ts";
import type { Wanted } from "./model-version.ts";
import { type Occasion, Residence } from "./residence.ts";
import { hasRows } from "./trial-feeds.ts";
import { Turns } from "./turns.ts";
import { warm } from "./warm.ts";

type Open = (
  wanted: Wanted,
  signal: AbortSignal,
  onFailure?: OnFailure,
  /** Whether it takes the place of one that is in memory. */
  replaces?: boolean,
) => Promise<LoadedVersion>;

export interface OpenParts {
  readonly loader: Loader;
  readonly common: Common;
  /** Of memory; without one everything is opened at once. */
  readonly budget: Budget | undefined;
  readonly events: Events;
  readonly tracer: Telemetry["tracer"];
}

/** How a version's requests share runs. */
interface Ways {
  readonly config: ModelConfig;
  readonly batching: Batching;
}

export function createOpener(parts: OpenParts): Open {
  const { loader, common, budget, events, tracer } = parts;
  const ahead = new Turns(1);

  return async (wanted, signal, onFailure = () => undefined, replaces = false) => {
    const verdict = await loader.examine(wanted, signal);
    const ways = waysOf(wanted, verdict);
    const instances = instancesOf(wanted.config);
    if (budget) {
      const residence = residenceOf(budget, wanted, verdict, ways, onFailure);
      return unlessItFails(residence, async () => {
        if (replaces) await residence.order();
        const opened = { session: residence, residence, instances, ...ways };
        const loaded = loadedVersion(wanted, opened, common);
        if (!replaces) void ahead.take(() => residence.comeAhead());
        return loaded;
      });
    }
    const session = await opened(wanted, verdict, ways, onFailure, "order");
    return unlessItFails(session, async () =>
      loadedVersion(wanted, { session, instances, ...ways }, common),
    );
  };

  function residenceOf(
    budget: Budget,
    wanted: Wanted,
    verdict: Verdict,
    ways: Ways,
    onFailure: OnFailure,
  ): Residence {
    const needs = loader.memoryNeeded(wanted, verdict);
    budget.check(wanted.model, needs);
    const attributes = { "amaas.model": wanted.model, "amaas.version": wanted.version };
    return new Residence({
      wanted,
      signature: verdict,
      budget,
      needs,
      onFailure,
      events,
      open: (occasion, parent) =>
        tracer.span("inference.bring", { parent, attributes: { ...attributes, occasion } }, () =>
          opened(wanted, verdict, ways, onFailure, occasion),
        ),
    });
  }

  async function opened(
    wanted: Wanted,
    verdict: Verdict,
    ways: Ways,
    onFailure: OnFailure,
    occasion: Occasion,
  ): Promise<ServingSession> {
    const session = await loader.open(wanted, verdict, occasion === "demand", onFailure);
    return unlessItFails(session, async () => {
      await warmed(wanted, session, ways, occasion);
      await session.promote();
      return session;
    });
  }

  function waysOf(wanted: Wanted, verdict: Verdict): Ways {
    const { model, config: given } = wanted;
    const stated = statesBatching(given);
    const config = completeConfig(model, given, verdict, !stated && apart(wanted, verdict));
    return { config, batching: divisible(wanted, verdict, batchingOf(config, stated)) };
  }

  /** Whoever said how large a batch may be may still be wrong about the outputs. */
  function divisible(wanted: Wanted, { stray }: Verdict, batching: Batching): Batching {
    const isVouchedFor = batching.mostRows !== undefined && batching.policy.maxRows > 1;
    if (!isVouchedFor || stray === undefined) return batching;
    events.rowsNotTogether(wanted, stray);
    return alone(batching);
  }

  /** Nobody vouches for rows that are put together, so the model has to show that it keeps them apart. */
  function apart(wanted: Wanted, verdict: Verdict): boolean {
    if (verdict.rowsApart === undefined) return true;
    if (hasRows(verdict)) events.rowsNotTogether(wanted, verdict.rowsApart);
    return false;
  }

  async function warmed(
    { readWarmUp: readFile }: Wanted,
    session: ServingSession,
    { config, batching }: Ways,
    occasion: Occasion,
  ): Promise<void> {
    const samples = config.modelWarmup;
    // Somebody who waits for it is its warm-up.
    if (occasion === "demand" && samples.length === 0) return;
    const { countsRows } = batching;
    await tracer.span("inference.warm", {}, () => warm(session, { samples, countsRows, readFile }));
  }
}

/** What has been opened is closed if what follows fails. */
async function unlessItFails<T>(
  session: Pick<ServingSession, "close">,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await session.close();
    throw error;
  }
}
