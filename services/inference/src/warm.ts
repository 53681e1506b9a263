/**
 * A run before a version meets its first request: what is made on first use is made now, and a model that cannot
 * run is found while the old one still serves. Of one row: a first run with more of them takes no longer than the
 * next, and would be taken from the models that serve.
 */
import { DomainError } from "@amaas/errors";
import type { ModelWarmup, ModelWarmup_Input } from "@amaas/proto/inference/model_config";
import { fromRaw } from "@amaas/tensor";
import type { Feeds } from "./request.ts";
import { filled, firstThatRuns, type Runnable } from "./trial-feeds.ts";

export interface WarmUp {
  /** In place of what is made of the signature. */
  readonly samples?: readonly ModelWarmup[];
  /** Whether the dimensions of samples come after that of the rows, which they leave out. */
  readonly countsRows?: boolean;
  /** The bytes of one of the samples' files; undefined where there are none. */
  readonly readFile?: ((name: string) => Promise<Uint8Array>) | undefined;
}

/** @throws what the model does with certain inputs; where no guess at its open sizes runs, it is not to blame. */
export async function warm(model: Runnable, { samples = [], ...how }: WarmUp = {}): Promise<void> {
  if (samples.length > 0) await warmWith(model, samples, how);
  else await firstThatRuns(model, 1, ["zero", "one", "random"]);
}

async function warmWith(
  model: Runnable,
  samples: readonly ModelWarmup[],
  how: Pick<WarmUp, "countsRows" | "readFile">,
): Promise<void> {
  for (const sample of samples) {
    const feeds = await sampleFeeds(model, sample, how);
    for (let run = 0; run < Math.max(1, sample.count); run++) await model.run(feeds);
  }
}

async function sampleFeeds(
  model: Runnable,
  { name, batchSize, inputs }: ModelWarmup,
  { countsRows = false, readFile = noFiles }: Pick<WarmUp, "countsRows" | "readFile">,
): Promise<Feeds> {
  const rows = countsRows ? Math.max(1, batchSize) : 1;
  const feeds: Feeds = {};
  for (const [index, { name: input, type }] of model.inputs.entries()) {
    const given = inputs[input];
    if (!given) throw faulty(name, `has nothing for input '${input}'`);
    const dims = given.dims.map(Number);
    const shape = countsRows ? [rows, ...dims] : dims;
    const raw = await fileOf(given, readFile);
    feeds[input] = raw
      ? repeated(type, shape, raw, rows)
      : { type, shape, data: filled(type, shape, contentsOf(given, name, input), index) };
  }
  return feeds;
}

async function fileOf(
  { inputDataType: data }: ModelWarmup_Input,
  readFile: (name: string) => Promise<Uint8Array>,
): Promise<Uint8Array | undefined> {
  return data?.$case === "inputDataFile" ? readFile(data.value) : undefined;
}

/** A file has one row, which all rows of the batch are. */
function repeated(
  type: Runnable["inputs"][number]["type"],
  shape: readonly number[],
  row: Uint8Array,
  rows: number,
) {
  const all = new Uint8Array(row.byteLength * rows);
  for (let at = 0; at < rows; at++) all.set(row, at * row.byteLength);
  return fromRaw(type, shape, all);
}

function contentsOf({ inputDataType }: ModelWarmup_Input, sample: string, input: string) {
  if (inputDataType?.$case === "zeroData") return "zero";
  if (inputDataType?.$case === "randomData") return "random";
  throw faulty(sample, `says neither zero_data, random_data nor input_data_file for '${input}'`);
}

function noFiles(name: string): Promise<never> {
  throw faulty(name, "is a file, and this model has no folder of them");
}

function faulty(sample: string, what: string): DomainError {
  return new DomainError("invalid-argument", `model_warmup '${sample}' ${what}`);
}
