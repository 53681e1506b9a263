/**
 * Where the first step begins: at the initial values, or at the weights of a registered version,
 * found in its ONNX file by name and shape.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { readModel } from "@amaas/graph";
import { initialValues, type Parameter, warmStart } from "@amaas/nn";
import { faultySpec, type TrainingSpec } from "@amaas/spec";
import { incomplete } from "./errors.ts";

export interface Begin {
  readonly values: Float32Array;
  /** What people should know of it, one line each. */
  readonly notes: readonly string[];
}

/** @throws DomainError invalid-argument where too little of the version fits. */
export async function beginOf(
  parameters: readonly Parameter[],
  { seed, warmStart: wanted }: TrainingSpec,
  blobs: BlobStore,
): Promise<Begin> {
  if (wanted === undefined) return { values: initialValues(parameters, seed), notes: [] };
  const { model, version, digest, strict } = wanted;
  if (version === undefined || digest === undefined) throw incomplete("version to begin from");
  const { graph } = readModel(await blobs.get(parseDigest(digest)));
  const { parameters: started, misfits } = warmStart(parameters, graph.initializers);
  const name = `version ${version} of ${model}`;
  const fitting = parameters.length - misfits.length;
  if (fitting === 0 || (strict && misfits.length > 0)) throw refusal(name, misfits, strict);
  const notes = [
    `begins from ${name}: ${fitting} of ${parameters.length} parameters`,
    ...misfits.map((misfit) => `keeps its initial values: ${misfit} in ${name}`),
  ];
  return { values: initialValues(started, seed), notes };
}

const mostNamed = 20;

function refusal(name: string, misfits: readonly string[], strict: boolean) {
  const rest = misfits.length - mostNamed;
  const named = misfits.slice(0, mostNamed).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
  const advice = strict
    ? "strict: false would leave these at their initial values"
    : "nothing of it fits";
  const description = `found ${name}, which does not fit this network (${advice}): ${named}`;
  return faultySpec([{ field: "training.warmStart", description }]);
}
