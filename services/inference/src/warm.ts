/**
 * Runs before a version meets its first request: what is made on first use is made now, for every size of
 * batch that may come, and a model that cannot run is found while the old one still serves.
 */
import { DomainError } from "@amaas/errors";
import type { ModelWarmup, ModelWarmup_Input } from "@amaas/proto/inference/model_config";
import { bytesPerElement, fromRaw } from "@amaas/tensor";
import type { Feeds } from "./request.ts";
import { filled, firstThatRuns, guesses, type Runnable, trialFeeds } from "./trial-feeds.ts";

export interface WarmUp {
  /** Sizes of batches, as `batchSizes` gives them; [1] where there are none. */
  readonly batches: readonly number[];
  /** In place of what is made of the signature. */
  readonly samples?: readonly ModelWarmup[];
  /** Whether the dimensions of samples come after that of the rows, which they leave out. */
  readonly countsRows?: boolean;
  /** The bytes of one of the samples' files; undefined where there are none. */
  readonly readFile?: ((name: string) => Promise<Uint8Array>) | undefined;
  /** When it has taken so long, larger batches are left out. */
  readonly patienceMs?: number;
}

/** Inputs of one run: larger batches are possible, and too rare to take that much memory for. */
const mostBytes = 64 * 2 ** 20;

/** A short one, as an object. */
const bytesOfText = 32;

/** Powers of two up to the largest, the largest, and the preferred ones: ascending. */
export function batchSizes(largest: number, preferred: readonly number[] = []): number[] {
  const sizes = new Set([1, ...preferred.filter((size) => size <= largest)]);
  for (let size = 2; size <= largest; size *= 2) sizes.add(size);
  if (largest > 0) sizes.add(largest);
  return [...sizes].sort((a, b) => a - b);
}

/** @returns the sizes that were run, or why nothing could be; throws what the model does with certain inputs. */
export async function warm(
  model: Runnable,
  { batches, samples = [], patienceMs = 300, ...how }: WarmUp = { batches: [1] },
): Promise<readonly number[] | string> {
  if (samples.length > 0) return warmWith(model, samples, how);
  const until = performance.now() + patienceMs;
  const [first = 1, ...larger] = batches;
  const guess = await firstThatRuns(model, first, ["zero", "one", "random"]);
  if (!guess) return `no guess at its open sizes (${guesses.join(", ")}) runs`;
  const { open, contents } = guess;
  const done = [first];
  const rowBytes = bytesOf(trialFeeds(model.inputs, { rows: 1, open }));
  for (const rows of larger) {
    if (performance.now() > until || rows * rowBytes > mostBytes) break;
    await model.run(trialFeeds(model.inputs, { rows, open }, contents));
    done.push(rows);
  }
  return done;
}

function bytesOf(feeds: Feeds): number {
  let bytes = 0;
  for (const { type, data } of Object.values(feeds))
    bytes += data.length * (type === "BYTES" ? bytesOfText : bytesPerElement(type));
  return bytes;
}

async function warmWith(
  model: Runnable,
  samples: readonly ModelWarmup[],
  how: Pick<WarmUp, "countsRows" | "readFile">,
): Promise<readonly number[]> {
  for (const sample of samples) {
    const feeds = await sampleFeeds(model, sample, how);
    for (let run = 0; run < Math.max(1, sample.count); run++) await model.run(feeds);
  }
  return samples.map(({ batchSize }) => batchSize);
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
