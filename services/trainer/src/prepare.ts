/**
 * Prepare: data set to tensor shards and graphs, all content-addressed.
 *
 * A pure function of the spec and the bytes it names: whoever runs it, and however often, makes
 * the same blobs.
 */
import { type BlobStore, openBlobs, parseDigest } from "@amaas/blobs";
import {
  type Dataset,
  datasetDigest,
  defaultLimits,
  type FittedFeatures,
  fitFeatures,
  labelScale,
  readDataset,
  splitDigest,
} from "@amaas/data";
import { numericClass, openSession, type Session } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import { writeModel } from "@amaas/graph";
import { type Measures, measuresOf, sumsOf } from "@amaas/metrics";
import {
  buildNetwork,
  classWeights,
  evaluationGraph,
  initialValues,
  type LabelScale,
  layout,
  type Network,
  outputCount,
  servingGraph,
  trainingGraph,
} from "@amaas/nn";
import { learningRate } from "@amaas/optim";
import type { Prepared, RowBlock, Split, TensorSpec } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { isClassificationLoss, type JobSpec, microBatch, parseJobSpec } from "@amaas/spec";
import { toRaw } from "@amaas/tensor";
import { classesOf } from "./classes.ts";
import { divide } from "./divide.ts";

/** Rows in one block; fixed, since the shape of a run may change bits. */
const BLOCK_ROWS = 4_096;
/** Steps, and places among the rows, have to fit into 32 bits. */
const MOST_STEPS = 100_000_000;

export async function prepare(args: { spec: unknown; blobs: string }): Promise<Prepared> {
  const spec = parseJobSpec(args.spec);
  const blobs = openBlobs(args.blobs);
  const read = (digest: string) => blobs.get(parseDigest(digest));
  const dataset = await readDataset(spec.data, spec.task, read, defaultLimits, spec.split);
  const { rows, warnings } = divide(dataset, spec.split);
  const features = fitFeatures(dataset, rows.training);
  const { labels } = dataset;
  const scale = labels.kind === "value" ? labelScale(labels.values, rows.training) : undefined;
  const classes = labels.kind === "class" ? labels.classes.length : 0;
  const measures = measuresOf(spec, classes);
  const outputs = outputCount(spec.training.loss, classes);
  const { model: _, width, ...seen } = features;
  const network = buildNetwork(spec.architecture, { features: width, outputs, ...seen });

  const session = await openSession(writeModel(features.model));
  try {
    const split = (which: Uint32Array) =>
      writeSplit(dataset, which, features, session, scale, blobs);
    const stepsPerEpoch = Math.ceil(rows.training.length / spec.training.batchSize);
    const totalSteps = checkedSteps(stepsPerEpoch * spec.training.epochs);
    // Refuses a schedule that does not fit into so many steps.
    learningRate(spec.training, { stepsPerEpoch, totalSteps });
    return {
      datasetDigest: datasetDigest([spec.data, spec.split, spec.task]),
      training: await split(rows.training),
      validation: await split(rows.validation),
      test: await split(rows.test),
      ...(await writeNetwork(
        { spec, network, features, dataset, scale, measures, training: rows.training },
        blobs,
      )),
      sums: [...sumsOf(measures)],
      skippedRows: dataset.skippedRows,
      stepsPerEpoch,
      totalSteps,
      numericClass: numericClass(),
      splitDigest: splitDigest(rows),
      notes: [],
      warnings,
    };
  } finally {
    await session.release();
  }
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
  readonly features: FittedFeatures;
  readonly dataset: Dataset;
  readonly scale: LabelScale | undefined;
  readonly measures: Measures;
  /** The rows to fit on. */
  readonly training: Uint32Array;
}

async function writeNetwork(parts: Parts, blobs: BlobStore) {
  const { spec, network, features, scale, measures } = parts;
  const { labels, inputs } = parts.dataset;
  const { task } = spec;
  const { loss } = spec.training;
  const put = async (bytes: Uint8Array) => (await blobs.put(bytes)).digest;
  const classes = labels.kind === "class" ? labels.classes : [];
  const serving = servingGraph(features.model, network, {
    task,
    ...(labels.kind === "class" && { classes }),
    ...(scale && { labelScale: scale }),
  });
  const values = initialValues(network.parameters, spec.training.seed);
  const options = {
    loss,
    classWeights: weightsOf(parts),
    batch: microBatch(spec.training),
    ...(scale && { labelScale: scale }),
  };
  const evaluation = evaluationGraph(network, { ...options, measures });
  const specs: TensorSpec[] = inputs.map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: [...shape],
  }));
  return {
    trainingGraph: await put(writeModel(trainingGraph(network, options))),
    evaluationGraph: await put(writeModel(evaluation)),
    servingGraph: await put(writeModel(serving)),
    parameters: layout(network.parameters).map(({ name, shape, offset }) => ({
      name,
      dims: [...shape],
      offset,
    })),
    parameterCount: values.length,
    initialWeights: await put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    classes: classes.map(String),
    inputs: specs,
    outputs: outputsOf(classesOf(classes), task),
  };
}

function weightsOf({ spec, dataset, training }: Parts): readonly number[] | undefined {
  const { labels } = dataset;
  const { loss } = spec.training;
  if (labels.kind !== "class" || !isClassificationLoss(loss)) return undefined;
  const counts = labels.classes.map(() => 0);
  for (const row of training) {
    const label = labels.values[row] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return classWeights(loss.classWeights, labels.classes, counts);
}

function outputsOf(classes: ReturnType<typeof classesOf>, task: JobSpec["task"]): TensorSpec[] {
  if (task === "regression") return [{ name: "prediction", datatype: "FP32", shape: [-1] }];
  return [
    { name: "label", datatype: classes.datatype, shape: [-1] },
    { name: "probabilities", datatype: "FP32", shape: [-1, classes.count] },
  ];
}

async function writeSplit(
  dataset: Dataset,
  rows: Uint32Array,
  { width }: FittedFeatures,
  session: Session,
  scale: LabelScale | undefined,
  blobs: BlobStore,
): Promise<Split> {
  const blocks: RowBlock[] = [];
  for (let from = 0; from < rows.length; from += BLOCK_ROWS) {
    const part = rows.subarray(from, from + BLOCK_ROWS);
    const { features } = await session.run(dataset.tensors(part), ["features"]);
    if (!features) throw new Error("the preprocessing graph put out no features");
    const labels = labelsOf(dataset, part, scale);
    blocks.push({
      rows: part.length,
      features: (await blobs.put(toRaw(features))).digest,
      labels: (await blobs.put(new Uint8Array(labels.buffer))).digest,
    });
  }
  return { rows: rows.length, features: width, blocks };
}

function labelsOf({ labels }: Dataset, rows: Uint32Array, scale: LabelScale | undefined) {
  if (labels.kind === "class") return Int32Array.from(rows, (row) => labels.values[row] ?? 0);
  const { mean, deviation } = scale ?? { mean: 0, deviation: 1 };
  return Float32Array.from(rows, (row) => ((labels.values[row] ?? 0) - mean) / deviation);
}
