/** The optimizers that a job can name, each with every default filled in. */

/** What is done to the mean gradient before the optimizer takes it. */
export interface GradientSpec {
  /** Added to the gradient with the sign of the weight. */
  readonly l1: number;
  /** What no element of the gradient exceeds, up or down. */
  readonly clipValue?: number;
  /** What the length of the whole gradient does not exceed. */
  readonly clipNorm?: number;
}

export interface DecaySpec {
  readonly weightDecay: number;
  /** Taken from the weight itself; otherwise added to the gradient. */
  readonly decoupled: boolean;
}

export interface SgdSpec extends GradientSpec, DecaySpec {
  readonly type: "sgd";
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface AdagradSpec extends GradientSpec, DecaySpec {
  readonly type: "adagrad";
  readonly learningRate: number;
  readonly epsilon: number;
}

export interface RmspropSpec extends GradientSpec, DecaySpec {
  readonly type: "rmsprop";
  readonly learningRate: number;
  readonly alpha: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly centered: boolean;
}

/** The weight decay of adamw is decoupled, that of adam is not. */
export interface AdamSpec extends GradientSpec {
  readonly type: "adam" | "adamw";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  readonly weightDecay: number;
}

export interface AdamaxSpec extends GradientSpec, DecaySpec {
  readonly type: "adamax";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface NadamSpec extends GradientSpec, DecaySpec {
  readonly type: "nadam";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentumDecay: number;
}

/** Its weight decay is part of the direction whose length is that of the weights. */
export interface LambSpec extends GradientSpec {
  readonly type: "lamb";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Its weight decay is decoupled. */
export interface LionSpec extends GradientSpec {
  readonly type: "lion";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

/** Its penalties are part of what it minimizes, so that l1 makes weights exactly 0. */
export interface FtrlSpec extends GradientSpec {
  readonly type: "ftrl";
  readonly learningRate: number;
  readonly beta: number;
  readonly l2: number;
}

export type OptimizerSpec =
  | SgdSpec
  | AdagradSpec
  | RmspropSpec
  | AdamSpec
  | AdamaxSpec
  | NadamSpec
  | LambSpec
  | LionSpec
  | FtrlSpec;
