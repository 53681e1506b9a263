/** A soak: all callers at once for a time, and what the server is like in each period of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Family, readPrometheusText } from "../e2e/prometheus-text.ts";
import { disagreements } from "./agreement.ts";
import { type Caller, callers } from "./callers.ts";
import { openStage, type Stage } from "./stage.ts";

/** The server is looked at several times in a period; latencies are of calls with one row of the plainest model. */
export interface Period {
  readonly seconds: number;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The least: without what is there for a moment, as garbage or beside its successor. */
  readonly residentMb: number;
  readonly heapMb: number;
  /** Of the event loop's delays between two looks, the most. */
  readonly loopP99Ms: number;
}

export interface Outcome {
  readonly periods: readonly Period[];
  /** Answers that were not right, and failures that nobody had to reckon with. */
  readonly wrong: readonly string[];
  /** Where clients, ModelStatistics and metrics do not agree. */
  readonly disagreements: readonly string[];
  readonly exitCode: number | null;
}

const looksPerPeriod = 5;

export async function soak(
  seconds: number,
  periodSeconds: number,
  tell: (period: Period) => void,
): Promise<Outcome> {
  const stage = await openStage();
  try {
    const over = new AbortController();
    const calling = callers.flatMap((caller) =>
      Array.from({ length: caller.callers }, () => call(caller, stage, over.signal)),
    );
    const all = Promise.all(calling);
    const periods: Period[] = [];
    const began = performance.now();
    const every = (periodSeconds * 1000) / looksPerPeriod;
    const looks: Look[] = [];
    for (let next = every; next <= seconds * 1000; next += every) {
      const left = began + next - performance.now();
      // A caller that fails in a way of its own ends the soak.
      await Promise.race([sleep(Math.max(0, left)), all]);
      looks.push(await look(stage));
      if (looks.length < looksPerPeriod) continue;
      const period = periodOf(looks.splice(0), stage, (performance.now() - began) / 1000);
      periods.push(period);
      tell(period);
    }
    over.abort();
    await all;
    const said = await disagreements(stage);
    const exitCode = await stage.close();
    return { periods, wrong: stage.ledger.wrong, disagreements: said, exitCode };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

async function call({ ask, pauseMs }: Caller, stage: Stage, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(-Math.log(1 - Math.random()) * pauseMs, undefined, { signal: over }).catch(
      () => {},
    );
    if (!over.aborted) await ask(stage);
  }
}

type Look = Pick<Period, "residentMb" | "heapMb" | "loopP99Ms">;

async function look({ replica }: Stage): Promise<Look> {
  const page = await metricsOf(replica.http);
  return {
    residentMb: firstOf(page, "process_resident_memory_bytes") / 1e6,
    heapMb: firstOf(page, "nodejs_heap_size_used_bytes") / 1e6,
    loopP99Ms: firstOf(page, "nodejs_eventloop_lag_p99_seconds") * 1000,
  };
}

function periodOf(looks: readonly Look[], { ledger }: Stage, seconds: number): Period {
  const latencies = ledger.latencies();
  const { calls } = ledger;
  ledger.calls = 0;
  return {
    seconds,
    calls,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    residentMb: Math.min(...looks.map(({ residentMb }) => residentMb)),
    heapMb: Math.min(...looks.map(({ heapMb }) => heapMb)),
    loopP99Ms: Math.max(...looks.map(({ loopP99Ms }) => loopP99Ms)),
  };
}

export async function metricsOf(http: string): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`http://${http}/metrics`);
  return readPrometheusText(await response.text());
}

function firstOf(page: ReadonlyMap<string, Family>, name: string): number {
  return page.get(name)?.samples[0]?.value ?? Number.NaN;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
