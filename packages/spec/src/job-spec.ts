/**
 * The job spec as the rest of the suite sees it: checked, and with every default filled in.
 *
 * `job.schema.json` says the same to editors and to the validator; a field added here is added
 * there, and a default lives only there.
 */
import type { ArchitectureSpec } from "./architecture-spec.ts";
import type { AugmentationSpec } from "./augmentation-spec.ts";
import type { ColumnSpec, FeaturesSpec } from "./column-spec.ts";
import type { LossSpec } from "./loss-spec.ts";
import type { Metric } from "./metrics.ts";
import type { OptimizerSpec } from "./optimizer-spec.ts";
import type { ScheduleSpec } from "./schedule-spec.ts";

/** A row of the last two has no label: it is its own. Those of an embedding say which rows belong together. */
export type Task =
  | "classification"
  | "regression"
  | "embedding"
  | "reconstruction"
  | "language-modeling";

/**
 * A path that the user knows, or `sha256:<hex>` once the file has been uploaded. Of records also a folder
 * or pattern, `files:sha256:<hex>` once its files and the list of them have been.
 * Any of them may be an `https://` URL, which is read by who prepares the job.
 */
export type FileRef = string;

export interface ArraysSpec {
  readonly format: "arrays";
  readonly features: FileRef;
  /** Where the task has labels. */
  readonly labels?: FileRef;
  /** How one sample is to be seen; left out where the array's own axes say it. */
  readonly shape?: readonly number[];
  /** How many ids there are, where samples are tokens. */
  readonly vocabulary?: number;
  /** What id 0 of an ONNX file is in the arrays; 0 where left out, and padding then. */
  readonly idsFrom?: 0 | 1;
}

export interface RecordsSpec {
  readonly format: "csv" | "json" | "jsonl" | "parquet" | "arrow";
  readonly file: FileRef;
  /** Where the task has labels. */
  readonly label?: string;
  /** Columns of which more is told than their cells say. */
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  /** The only columns that are read, beside the label; all where it is left out. */
  readonly include?: readonly string[];
  readonly ignore: readonly string[];
  readonly onBadRow: "fail" | "skip";
}

export interface TextSpec {
  readonly format: "text";
  readonly file: FileRef;
  readonly tokens: "characters" | "bytes" | "words";
  /** How many tokens are told apart at most; padding and one for all others are two of them. */
  readonly vocabulary: number;
  /** What the ids of an ONNX file stand for, from 0; `vocabulary` does not count then. */
  readonly ids?: readonly string[];
  /** How many tokens the network sees at most. */
  readonly context: number;
  /** Where rows begin after each other; the context where it is left out. */
  readonly stride?: number;
}

export interface ImagesSpec {
  readonly format: "images";
  /** A folder. */
  readonly file: FileRef;
  /** A table of paths and labels; where it is left out, the folder that a file lies in is its class. */
  readonly labels?: FileRef;
  /** Height and width. */
  readonly size: readonly [number, number];
  readonly channels: 1 | 3;
  readonly fit: "cover" | "contain";
  readonly onBadRow: "fail" | "skip";
}

export type DataSpec = ArraysSpec | RecordsSpec | TextSpec | ImagesSpec;

const hasColumns: {
  readonly [F in DataSpec["format"]]: F extends RecordsSpec["format"] ? true : false;
} = {
  arrays: false,
  arrow: true,
  csv: true,
  images: false,
  json: true,
  jsonl: true,
  parquet: true,
  text: false,
};

/** Whether the data has columns. */
export function isRecords(data: DataSpec): data is RecordsSpec {
  return hasColumns[data.format];
}

export interface SplitSpec {
  readonly training: number;
  readonly validation: number;
  readonly test: number;
  readonly stratify: boolean;
  readonly seed: number;
  /** Column whose equal values stay together. */
  readonly group?: string;
  /** Column by which the oldest rows are for training, the newest for the test. */
  readonly time?: string;
  /** With these, validation is one of so many parts of what is not for the test, training the others. */
  readonly folds?: number;
  readonly fold?: number;
  /** Share of the training rows that is learned from. */
  readonly use: number;
  readonly onDuplicates: "keep" | "report" | "drop";
}

export interface EarlyStoppingSpec {
  /** Of the validation split. */
  readonly metric: Metric;
  /** Epochs. */
  readonly patience: number;
  readonly minDelta: number;
}

export interface AveragingSpec {
  readonly type: "ema";
  readonly decay: number;
  /** The decay grows to its value. */
  readonly warmup: boolean;
}

export interface WarmStartSpec {
  readonly model: string;
  /** Where it is left out, the one that `alias` stands at when the job is submitted. */
  readonly version?: number;
  readonly alias?: string;
  /** Of the version's file; there once the job has been submitted, and beside `version` only. */
  readonly digest?: string;
  /** Whether every parameter has to be there by name and shape. */
  readonly strict: boolean;
}

export interface TrainingSpec {
  readonly epochs: number;
  /** Over all workers; a multiple of `virtualShards`. */
  readonly batchSize: number;
  readonly virtualShards: number;
  readonly seed: number;
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  readonly earlyStopping?: EarlyStoppingSpec;
  /** The weights that are evaluated on the test split and registered. */
  readonly keep: "best" | "last";
  readonly augmentation?: AugmentationSpec;
  /** Names of parameters that stay as they are; `*` stands for anything. */
  readonly freeze?: readonly string[];
  /** Of the weights over the steps: what is evaluated and registered in their place. */
  readonly averaging?: AveragingSpec;
  /** The registered version whose weights are what training begins from. */
  readonly warmStart?: WarmStartSpec;
  readonly checkpointEverySteps: number;
}

export interface ResourcesSpec {
  readonly workers: number;
  readonly servers: number;
}

export interface EvaluationSpec {
  /** Of the top-k accuracy; left out where it follows from the number of classes. */
  readonly topK?: number;
  /** Columns by whose values the test rows are judged one by one. */
  readonly slices: readonly SliceSpec[];
  /** Whether something simpler is fitted beside, to compare with. */
  readonly baseline: boolean;
}

/** Numbers fall into buckets, unless there are few different ones and none are asked for. */
export type SliceSpec = string | { readonly column: string; readonly buckets?: number };

export interface GateSpec {
  readonly metric: Metric;
  readonly split: "validation" | "test";
  readonly min?: number;
  readonly max?: number;
  readonly alias: string;
}

export interface JobSpec {
  /** Of the registered model. */
  readonly name: string;
  readonly task: Task;
  readonly data: DataSpec;
  readonly features?: FeaturesSpec;
  readonly split: SplitSpec;
  readonly architecture: ArchitectureSpec;
  readonly training: TrainingSpec;
  readonly evaluation: EvaluationSpec;
  readonly resources: ResourcesSpec;
  /** Jobs with a larger one are served first, and may take trainers from the others. */
  readonly priority: number;
  readonly gate?: GateSpec;
  /** Whether the model becomes a version of the registry. */
  readonly register: boolean;
}

/** Rows of one virtual shard of one step. */
export function microBatch(training: TrainingSpec): number {
  return training.batchSize / training.virtualShards;
}

/**
 * Whether the job goes by what its validation shows: when it ends, how large its
 * steps are or which weights it keeps is found out on the way.
 */
export function isGuided({ earlyStopping, keep, schedule }: TrainingSpec): boolean {
  return earlyStopping !== undefined || keep === "best" || schedule.type === "plateau";
}
