/** Columns of a table, and how they become features. */

/** What a column's cells are. */
export type ColumnType = "number" | "text";

export interface ColumnSpec {
  readonly type: ColumnType;
  /** Left out: numbers are standardised, texts become a flag for each. */
  readonly encode?: EncodeSpec;
}

export type EncodeSpec =
  | ScaleSpec
  | BucketsSpec
  | CyclesSpec
  | OneHotSpec
  | OrdinalSpec
  | CategorySpec
  | HashSpec
  | TargetSpec
  | TfIdfSpec
  | TokensSpec;

export interface ScaleSpec {
  readonly type: "scale";
  readonly by: "standard" | "min-max" | "robust" | "none";
  /** What stands where a value is missing. */
  readonly missing: "median" | "mean" | number;
  readonly min?: number;
  readonly max?: number;
  /** sign(x) log(1 + |x|) */
  readonly log: boolean;
}

export interface BucketsSpec {
  readonly type: "buckets";
  /** Of equally many training rows, where there are no edges. */
  readonly count: number;
  readonly edges?: readonly number[];
  readonly as: "one-hot" | "ordinal";
}

export interface CyclesSpec {
  readonly type: "cycles";
}

export interface OneHotSpec {
  readonly type: "one-hot";
}

export interface OrdinalSpec {
  readonly type: "ordinal";
  readonly order?: readonly string[];
}

export interface CategorySpec {
  readonly type: "category";
}

export interface HashSpec {
  readonly type: "hash";
  readonly buckets: number;
  readonly as: "one-hot" | "category";
}

export interface TargetSpec {
  readonly type: "target";
  readonly smoothing: number;
  readonly folds: number;
}

export interface TfIdfSpec {
  readonly type: "tf-idf";
  readonly terms: number;
  readonly nGrams: number;
}

export interface TokensSpec {
  readonly type: "tokens";
  readonly words: number;
  readonly vocabulary: number;
}

export interface CrossSpec {
  readonly columns: readonly string[];
  /** Left out: a flag for each combination. */
  readonly buckets?: number;
}

export interface SelectSpec {
  readonly by: "variance" | "mutual-information" | "l1" | "permutation";
  /** How many features. */
  readonly keep?: number;
  /** The least score of a feature. */
  readonly min?: number;
}

export interface FeaturesSpec {
  readonly crosses: readonly CrossSpec[];
  readonly select?: SelectSpec;
}
