/**
 * Registers what a job has made: the version, and the alias that its gate grants. A job that is not
 * to be registered leaves the registry alone, and its outcome has no version.
 *
 * Every part can be done again after a crash: the version is known by the job's id, and an alias
 * that stands at it, or has stood at it, is not moved to it a second time.
 */
import { isDomainError } from "@amaas/errors";
import type { Parent, RegistryDefinition, Version } from "@amaas/proto/amaas/registry/v1/registry";
import type { Outcome } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Client } from "@amaas/rpc";
import type { JobSpec } from "@amaas/spec";
import { traceIdOf } from "@amaas/telemetry";
import { judge, metricsOf } from "./gate.ts";
import { type Registering, workOf } from "./job.ts";

export type Registry = Client<typeof RegistryDefinition>;

const moveTries = 10;
/** The alias of a job without a gate, for the first version of a model only. */
const firstAlias = "champion";

export async function registerJob(
  job: Registering,
  registry: Registry,
  signal: AbortSignal,
): Promise<Outcome> {
  const { ending } = job.progress ?? {};
  const { digest, weightsSha256 } = job.packaged;
  if (!job.spec.register)
    return { model: "", version: 0, digest, weightsSha256, alias: "", gateVerdict: "", ending };
  const metrics = { ...metricsOf(job.progress), ...job.packaged.metrics };
  const { version } = await registry.createVersion(
    { idempotencyKey: job.id, version: { ...describe(job), metrics } },
    { signal },
  );
  if (!version) throw new Error("the registry answered without the version");
  const { alias, verdict } = await grantAlias(job, version.version, metrics, { registry, signal });
  return {
    model: version.model,
    version: version.version,
    digest: version.digest,
    weightsSha256: version.weightsSha256,
    alias,
    gateVerdict: verdict,
    ending,
  };
}

interface Reach {
  readonly registry: Registry;
  readonly signal: AbortSignal;
}

function describe(job: Registering): Partial<Version> {
  const { id, spec, prepared, packaged, root } = job;
  return {
    model: spec.name,
    digest: packaged.digest,
    bytes: packaged.bytes,
    weightsSha256: packaged.weightsSha256,
    evaluation: packaged.evaluation,
    intervals: packaged.intervals,
    inputs: prepared.inputs,
    outputs: prepared.outputs,
    classes: prepared.classes,
    lineage: {
      job: id,
      datasetDigest: prepared.datasetDigest,
      splitDigest: prepared.splitDigest,
      dataReport: prepared.dataReport,
      spec: workOf(spec),
      traceId: traceIdOf(root),
      numericClass: prepared.numericClass,
      parent: parentOf(spec),
    },
  };
}

function parentOf({ training: { warmStart } }: JobSpec): Parent | undefined {
  if (warmStart === undefined) return undefined;
  const { model, version = 0, digest = "" } = warmStart;
  return { model, version, digest };
}

interface Grant {
  /** Empty where none was moved. */
  readonly alias: string;
  readonly verdict: string;
}

async function grantAlias(
  job: Registering,
  version: number,
  metrics: Readonly<Record<string, number>>,
  reach: Reach,
): Promise<Grant> {
  const { name: model, gate } = job.spec;
  if (!gate) return moveFirst(job, model, version, reach);
  const { passed, text } = judge(gate, metrics);
  if (!passed)
    return {
      alias: "",
      verdict: `${text}: ${gate.alias} stays where it is, version ${version} is registered only`,
    };
  await moveAlias({ model, alias: gate.alias, version, reason: `${text} (${job.id})` }, reach);
  return { alias: gate.alias, verdict: `${text}: ${gate.alias} moved to version ${version}` };
}

async function moveFirst(
  job: Registering,
  model: string,
  version: number,
  reach: Reach,
): Promise<Grant> {
  const alias = firstAlias;
  const granted = {
    alias,
    verdict: `no gate, and the model had no ${alias}: moved to version ${version}`,
  };
  const kept = {
    alias: "",
    verdict: `no gate, and the model has a ${alias} already: it stays where it is`,
  };
  const { revision, stoodAt } = await currentOf(model, alias, reach);
  if (stoodAt.has(version)) return granted;
  if (revision > 0) return kept;
  try {
    const reason = `first version (${job.id})`;
    await reach.registry.moveAlias(
      { model, alias, version, expectedRevision: 0, reason },
      { signal: reach.signal },
    );
  } catch (error) {
    if (isDomainError(error, "aborted")) return kept;
    throw error;
  }
  return granted;
}

interface Move {
  readonly model: string;
  readonly alias: string;
  readonly version: number;
  readonly reason: string;
}

/** Compare-and-set, again from the start where someone else was faster. */
async function moveAlias(move: Move, reach: Reach): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { revision, stoodAt } = await currentOf(move.model, move.alias, reach);
    if (stoodAt.has(move.version)) return;
    try {
      await reach.registry.moveAlias(
        { ...move, expectedRevision: revision },
        { signal: reach.signal },
      );
      return;
    } catch (error) {
      if (!isDomainError(error, "aborted") || tries === moveTries) throw error;
    }
  }
}

/** The alias' revision, 0 where there is none, and every version that it has stood at. */
async function currentOf(model: string, alias: string, { registry, signal }: Reach) {
  const { model: found, history } = await registry.getModel({ name: model }, { signal });
  const now = found?.aliases.find((one) => one.alias === alias);
  const moves = history.filter((one) => one.alias === alias);
  return { revision: now?.revision ?? 0, stoodAt: new Set(moves.map(({ version }) => version)) };
}
