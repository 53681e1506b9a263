/**
 * The version that a job begins from, looked up once: what is kept of the job names it by number and
 * digest, so that the job is the same one wherever an alias goes meanwhile.
 */
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import type { Version } from "@amaas/proto/amaas/registry/v1/registry";
import { faultySpec, type JobSpec, type WarmStartSpec } from "@amaas/spec";
import type { Registry } from "./register.ts";

/** @throws DomainError where there is no such version, or nobody who knows. */
export async function withParent(
  spec: JobSpec,
  registry: Registry,
  signal: AbortSignal,
): Promise<JobSpec> {
  const { warmStart } = spec.training;
  if (warmStart === undefined) return spec;
  const { version, digest } = await versionOf(warmStart, registry, signal);
  if (warmStart.digest !== undefined && warmStart.digest !== digest) {
    const description = `found ${warmStart.digest}, wanted ${digest}, which version ${version} of ${warmStart.model} has`;
    throw faultySpec([{ field: "training.warmStart.digest", description }]);
  }
  return { ...spec, training: { ...spec.training, warmStart: { ...warmStart, version, digest } } };
}

/** The spec as someone wrote it who named an alias, of which a repeat may find another version. */
export function askedFor(spec: JobSpec): JobSpec {
  const { warmStart } = spec.training;
  if (warmStart?.alias === undefined) return spec;
  const { model, alias, strict } = warmStart;
  return { ...spec, training: { ...spec.training, warmStart: { model, alias, strict } } };
}

async function versionOf(
  { model, version: number, alias = "" }: WarmStartSpec,
  registry: Registry,
  signal: AbortSignal,
): Promise<Version> {
  const which =
    number === undefined
      ? ({ $case: "alias", value: alias } as const)
      : ({ $case: "version", value: number } as const);
  try {
    const { version } = await registry.getVersion({ model, which }, { signal });
    if (version) return version;
  } catch (error) {
    if (isDomainError(error, "not-found"))
      throw faultySpec([
        { field: "training.warmStart", description: `the registry has ${error.message}` },
      ]);
    if (signal.aborted) throw error;
    throw new DomainError(
      "unavailable",
      `training.warmStart: the registry cannot say now which version of ${model} that is (${errorMessage(error)}); try again`,
      { cause: error },
    );
  }
  throw new Error("the registry answered without the version");
}
