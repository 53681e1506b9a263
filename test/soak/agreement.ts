/** Whether what clients saw, what ModelStatistics says and what the metrics page says are the same. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelStatistics } from "@amaas/proto/inference/grpc_service";
import type { Family } from "../e2e/prometheus-text.ts";
import type { Account } from "./ledger.ts";
import { metricsOf } from "./soak.ts";
import type { Stage } from "./stage.ts";

/** In words; none if they agree. */
export async function disagreements({ client, replica, ledger }: Stage): Promise<string[]> {
  const statistics = await settled(client);
  const page = await metricsOf(replica.http);
  const found: string[] = [];
  for (const [model, account] of ledger.models()) {
    const stats = statistics.get(model);
    if (stats) found.push(...withClients(model, account, stats), ...withMetrics(stats, page));
    else if (account.answered > 0) found.push(`${model}: there are no statistics`);
  }
  const refused = ledger.of("nobody").failures;
  const counted = sum(page, "amaas_inference_refused_total", {});
  if (refused !== counted) found.push(`refused: clients saw ${refused}, the metrics ${counted}`);
  return found;
}

/** Once nobody waits any more: those that were cancelled are let go of a moment later. */
async function settled(client: Stage["client"]): Promise<Map<string, ModelStatistics>> {
  for (let before = -1n; ; ) {
    const { modelStats } = await client.modelStatistics({});
    const ended = modelStats.reduce((all, { inferenceStats: of }) => {
      return all + of!.success!.count + of!.fail!.count;
    }, 0n);
    const waiting = modelStats.some(({ activity }) => activity!.pending > 0n);
    if (ended === before && !waiting) return new Map(modelStats.map((of) => [of.name, of]));
    before = ended;
    await sleep(500);
  }
}

/** Calls whose end their caller has not seen may be on either side, or have never come. */
function withClients(model: string, account: Account, stats: ModelStatistics): string[] {
  const { answered, rows, spared, failures, open, failed } = account;
  const { success, fail, cacheHit, cacheMiss } = stats.inferenceStats!;
  const found: string[] = [];
  const between = (what: string, seen: number, told: bigint, more: number) => {
    if (told < seen || told > seen + more)
      found.push(`${model}: clients saw ${seen} ${what} (${more} open), the server tells ${told}`);
  };
  between("answers", answered, success!.count, open);
  between(`failures (${[...failed.keys()]})`, failures, fail!.count, open);
  between("ends", answered + failures, success!.count + fail!.count, open);
  between("rows", rows, stats.inferenceCount, open === 0 ? 0 : Number.POSITIVE_INFINITY);
  if (cacheMiss!.count > 0n) {
    between("from the cache", spared, cacheHit!.count, open);
    between("not from the cache", answered - spared, cacheMiss!.count, open);
  }
  const runs = stats.batchStats.reduce((all, { computeInfer: of }) => all + of!.count, 0n);
  if (runs !== stats.executionCount)
    found.push(`${model}: ${stats.executionCount} runs, of which ${runs} have a size`);
  return found;
}

function withMetrics(
  { name: model, version, inferenceCount, executionCount, inferenceStats }: ModelStatistics,
  page: ReadonlyMap<string, Family>,
): string[] {
  const { success, fail, cacheHit } = inferenceStats!;
  const same: readonly [string, bigint][] = [
    ["nv_inference_request_success", success!.count],
    ["nv_inference_request_failure", fail!.count],
    ["amaas_inference_failures_total", fail!.count],
    ["nv_inference_count", inferenceCount],
    ["nv_inference_exec_count", executionCount],
    ["nv_cache_num_hits_per_model", cacheHit!.count],
    ["amaas_inference_request_seconds_count", success!.count + fail!.count],
    ["amaas_inference_batch_rows_count", executionCount],
    ["amaas_inference_batches_total", executionCount],
  ];
  return same.flatMap(([name, told]) => {
    const value = sum(page, name, { model, version });
    return BigInt(value) === told ? [] : [`${model}: ${name} is ${value}, ModelStatistics ${told}`];
  });
}

function sum(
  page: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  const family = page.get(name.replace(/_count$/, "")) ?? page.get(name);
  const samples = page.get(name)?.samples ?? family?.samples ?? [];
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, is]) => sample.labels[key] === is))
    .reduce((all, { value }) => all + value, 0);
}
