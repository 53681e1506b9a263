/**
 * Prepare: data set to tensor shards and graphs, all content-addressed.
 *
 * A pure function of the spec and the bytes it names, by digest or by URL: whoever runs it, and however often, makes
 * the same blobs.
 */
import { type BlobStore, openBlobs } from "@amaas/blobs";
import {
  type Dataset,
  datasetDigest,
  defaultLimits,
  describeData,
  type FittedFeatures,
  labelScale,
  quickReport,
  readDataset,
  splitDigest,
} from "@amaas/data";
import { numericClass } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import { writeModel } from "@amaas/graph";
import { type Measures, measuresOf, sumsOf } from "@amaas/metrics";
import {
  buildNetwork,
  classWeights,
  evaluationGraph,
  freeze,
  type LabelScale,
  layout,
  type Network,
  networkSize,
  servingGraph,
  trainingGraph,
} from "@amaas/nn";
import { learningRate } from "@amaas/optim";
import type { Prepared, RowBlock, Split, TensorSpec } from "@amaas/proto/amaas/scheduler/v1/fleet";
import {
  faultySpec,
  isGuided,
  isLossOf,
  type JobSpec,
  microBatch,
  parseJobSpec,
} from "@amaas/spec";
import { type Tensor, toRaw } from "@amaas/tensor";
import { divide } from "./divide.ts";
import { writeScoringGraphs } from "./evaluation/graphs.ts";
import { slicingsOf } from "./evaluation/slicing.ts";
import { type FeatureRun, fitted } from "./fit.ts";
import { tokenWarnings, withTokensOf } from "./known-tokens.ts";
import { modelIn } from "./model-in.ts";
import { openData } from "./open-data.ts";
import { probe } from "./probe.ts";
import { suspects } from "./suspects.ts";
import type { AllowedUrls } from "./urls/allowed-urls.ts";
import { fetchData } from "./urls/fetch-data.ts";
import { beginOf } from "./warm-start.ts";

/** Steps, and places among the rows, have to fit into 32 bits. */
const MOST_STEPS = 100_000_000;

export interface PrepareArguments {
  readonly spec: unknown;
  readonly blobs: string;
  /** What data may be read from besides the blobs. */
  readonly dataUrls: AllowedUrls;
}

export async function prepare(args: PrepareArguments): Promise<Prepared> {
  const blobs = openBlobs(args.blobs);
  const { spec, ...fetched } = await fetchData(parseJobSpec(args.spec), blobs, args.dataUrls);
  const open = (ref: string) => openData(blobs, ref);
  const model = await modelIn(spec.architecture, blobs);
  const read = await readDataset(spec.data, spec.task, open, defaultLimits, spec.split);
  const dataset = withTokensOf(model, spec.architecture, read);
  const { rows, warnings } = divide(dataset, spec.split);
  await using run = await fitted(spec, dataset, rows.training);
  const { features, notes } = run;
  const { labels } = dataset;
  const scale = labels.kind === "value" ? labelScale(labels.values, rows.training) : undefined;
  const classes = labels.kind === "class" ? labels.classes.length : 0;
  const isImage = features.shape?.length === 3;
  const measures = measuresOf(spec, classes, isImage);
  const aim = { task: spec.task, loss: spec.training.loss };
  const size = networkSize(aim, { ...features, classes });
  const built = buildNetwork(spec.architecture, size, model);
  const begin = await beginOf(built.parameters, spec.training, blobs);
  const { network, values } = freeze(built, spec.training.freeze ?? [], begin.values);

  const split = (which: Uint32Array) =>
    writeSplit({ spec, dataset, run, scale, blobs }, which, which === rows.training);
  const written = await writeNetwork(
    { spec, network, values, features, dataset, scale, measures, training: rows.training },
    blobs,
  );
  if (model) await probe({ network, values, size }, run, rows.training);
  const stepsPerEpoch = Math.ceil(rows.training.length / spec.training.batchSize);
  const totalSteps = checkedSteps(stepsPerEpoch * spec.training.epochs);
  requireValidation(spec, rows.validation.length);
  // Refuses a schedule that does not fit into so many steps.
  learningRate(spec.training, { stepsPerEpoch, totalSteps });
  // Whoever decoded images decided their pixels.
  const decoder = dataset.decoder === undefined ? [] : [dataset.decoder];
  return {
    datasetDigest: datasetDigest([spec.data, spec.split, spec.task, ...decoder]),
    training: await split(rows.training),
    validation: await split(rows.validation),
    test: await split(rows.test),
    ...written,
    sums: [...sumsOf(measures)],
    slicings: await slicingsOf(spec, dataset, rows, blobs),
    idColumns: idColumnsOf(features),
    skippedRows: dataset.skippedRows,
    stepsPerEpoch,
    totalSteps,
    numericClass: numericClass(),
    splitDigest: splitDigest(rows),
    dataReport: await writeReport(dataset, blobs),
    notes: [
      ...fetched.notes,
      ...notes,
      ...begin.notes,
      ...decoder.map((name) => `images decoded by ${name}`),
    ],
    warnings: [
      ...warnings,
      ...tokenWarnings(spec.architecture, dataset, rows.training),
      ...suspects(dataset, rows.training),
    ],
  };
}

async function writeReport(dataset: Dataset, blobs: BlobStore): Promise<string> {
  const report = JSON.stringify(describeData(dataset, quickReport));
  return (await blobs.put(new TextEncoder().encode(report))).digest;
}

/** What goes by the validation split needs one. */
function requireValidation({ training }: JobSpec, rows: number): void {
  if (rows > 0 || !isGuided(training)) return;
  const asker = training.earlyStopping ? "training.earlyStopping" : "training.keep best";
  throw new DomainError(
    "invalid-argument",
    `split.validation: leaves no rows for validation, which ${asker} wants`,
  );
}

function checkedSteps(steps: number): number {
  if (steps <= MOST_STEPS) return steps;
  throw new DomainError(
    "invalid-argument",
    `training.epochs and training.batchSize make ${steps} steps, wanted at most ${MOST_STEPS}`,
  );
}

interface Parts {
  readonly spec: JobSpec;
  readonly network: Network;
  /** Of its parameters, before the first step. */
  readonly values: Float32Array;
  readonly features: FittedFeatures;
  readonly dataset: Dataset;
  readonly scale: LabelScale | undefined;
  readonly measures: Measures;
  /** The rows to fit on. */
  readonly training: Uint32Array;
}

async function writeNetwork(parts: Parts, blobs: BlobStore) {
  const { spec, network, values, features, scale, measures } = parts;
  const { labels, inputs } = parts.dataset;
  const { task } = spec;
  const { loss } = spec.training;
  const put = async (bytes: Uint8Array) => (await blobs.put(bytes)).digest;
  const classes = labels.kind === "class" ? labels.classes : tokensOf(features);
  const sizes = inputs[0]?.shape.slice(1) ?? [];
  const serving = servingGraph(features.model, network, {
    task,
    loss,
    classes,
    ...(scale && { labelScale: scale }),
    ...(features.unit !== undefined && { array: { sizes, unit: features.unit } }),
  });
  const options = {
    task,
    loss,
    classWeights: weightsOf(parts),
    batch: microBatch(spec.training),
    ...(scale && { labelScale: scale }),
  };
  const { augmentation: changes } = spec.training;
  const augmentation = changes && { ...changes, shape: features.shape ?? [features.width] };
  const evaluation = evaluationGraph(network, { ...options, measures });
  const specs: TensorSpec[] = inputs.map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: [...shape],
  }));
  return {
    trainingGraph: await put(writeModel(trainingGraph(network, { ...options, augmentation }))),
    evaluationGraph: await put(writeModel(evaluation)),
    servingGraph: await put(writeModel(serving)),
    ...(await writeScoringGraphs(network, { ...options, measures }, blobs)),
    parameters: layout(network.parameters).map(({ name, shape, offset }) => ({
      name,
      dims: [...shape],
      offset,
    })),
    parameterCount: values.length,
    initialWeights: await put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    classes: labels.kind === "class" ? labels.classes.map(String) : [...(features.tokens ?? [])],
    inputs: specs,
    outputs: serving.graph.outputs.map(({ name, type, shape }) => ({
      name,
      datatype: type,
      shape: shape.map((size) => (typeof size === "number" ? size : -1)),
    })),
  };
}

function idColumnsOf({ width, vocabulary, categories = [] }: FittedFeatures): number[] {
  if (vocabulary !== undefined) return Array.from({ length: width }, (_, column) => column);
  return categories.map(({ column }) => column);
}

function weightsOf({ spec, dataset, training }: Parts): readonly number[] | undefined {
  const { labels } = dataset;
  const { loss } = spec.training;
  if (labels.kind !== "class" || !isLossOf("classification", loss)) return undefined;
  const counts = labels.classes.map(() => 0);
  for (const row of training) {
    const label = labels.values[row] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return classWeights(loss.classWeights, labels.classes, counts);
}

/** What each id of a token stands for: a text, or the number itself where texts are not known. */
function tokensOf({ vocabulary, tokens }: FittedFeatures): readonly (string | number)[] {
  return tokens ?? Array.from({ length: vocabulary ?? 0 }, (_, id) => id);
}

interface SplitParts extends Pick<Parts, "spec" | "dataset" | "scale"> {
  readonly run: FeatureRun;
  readonly blobs: BlobStore;
}

async function writeSplit(
  parts: SplitParts,
  rows: Uint32Array,
  isTraining: boolean,
): Promise<Split> {
  const { spec, dataset, run, scale, blobs } = parts;
  const blocks: RowBlock[] = [];
  for await (const { rows: part, features } of run.blocks(rows, isTraining)) {
    if (spec.task === "reconstruction") refuseNoShares(spec, features);
    const labels = labelsOf(dataset, part, scale);
    blocks.push({
      rows: part.length,
      features: (await blobs.put(toRaw(features))).digest,
      labels: labels ? (await blobs.put(new Uint8Array(labels.buffer))).digest : "",
    });
  }
  return { rows: rows.length, features: run.features.width, blocks };
}

/** A cross-entropy is of values from 0 to 1. */
function refuseNoShares({ training: { loss } }: JobSpec, { data }: Tensor): void {
  if (loss.type !== "sigmoid-cross-entropy" || !(data instanceof Float32Array)) return;
  const odd = data.find((value) => !(value >= 0 && value <= 1));
  if (odd === undefined) return;
  const description = `found "${loss.type}" where a feature is ${odd}, wanted features from 0 to 1, or mse`;
  throw faultySpec([{ field: "training.loss.type", description }]);
}

function labelsOf({ labels }: Dataset, rows: Uint32Array, scale: LabelScale | undefined) {
  if (labels.kind === "none") return undefined;
  if (labels.kind === "class") return Int32Array.from(rows, (row) => labels.values[row] ?? 0);
  const { mean, deviation } = scale ?? { mean: 0, deviation: 1 };
  return Float32Array.from(rows, (row) => ((labels.values[row] ?? 0) - mean) / deviation);
}
