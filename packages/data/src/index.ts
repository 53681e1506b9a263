export type { ClassLabels, Dataset, InputSpec, Labels, ValueLabels } from "./dataset.ts";
export { datasetDigest } from "./digest.ts";
export { type FittedFeatures, fitFeatures } from "./features.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { decodeNpy, encodeNpy, type NpyType } from "./npy.ts";
export { readDataset } from "./read.ts";
export { type RowSplit, type SplitRequest, splitRows } from "./split.ts";
export { labelScale, type Scale } from "./statistics.ts";
