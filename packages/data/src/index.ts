export { type FeaturePlan, labelsAt } from "./column-features.ts";
export type { DataFile, OpenFile } from "./data-file.ts";
export type {
  ClassLabels,
  Dataset,
  InputSpec,
  KnownTokens,
  Labels,
  ValueLabels,
} from "./dataset.ts";
export { datasetDigest, splitDigest } from "./digest.ts";
export { type Duplicates, withoutDuplicates } from "./duplicates.ts";
export { type FittedFeatures, fitFeatures, type TrainingFeature } from "./features.ts";
export { type Giveaway, giveaways } from "./giveaways.ts";
export { type ImageDecoder, type ImageLook, imageDecoder } from "./images/decode-image.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { decodeNpy, encodeNpy, type NpyType } from "./npy.ts";
export { readDataset } from "./read.ts";
export { type ColumnReport, type DataReport, describeData, quickReport } from "./report.ts";
export type { KeyColumns, RowKeys } from "./row-keys.ts";
export { type Blocks, type Selection, selectFeatures } from "./selection.ts";
export { type RowSplit, type SplitRequest, splitRows } from "./split.ts";
export { labelScale, type Scale } from "./statistics.ts";
export { tokenize, untokenize } from "./text-tokens.ts";
