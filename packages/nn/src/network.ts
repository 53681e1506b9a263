/**
 * A network: a graph from features to outputs whose weights are inputs.
 *
 * Weights are inputs and not constants because training changes them, and because onnxruntime
 * treats constants differently: with weights as inputs the trained and the served arithmetic agree.
 */
import type { Graph } from "@amaas/graph";

export interface Parameter {
  readonly name: string;
  /** `[in, out]` for the weights of a dense layer, `[out, in, …]` for a convolution's, `[out]` for biases. */
  readonly shape: readonly number[];
  readonly init: Initialization;
  /** Where the shape does not say it. */
  readonly fans?: Fans;
}

/** How many numbers a weight's layer makes one of, and how many each of them goes into. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

export type Initialization =
  | "zeros"
  | "ones"
  | "glorot-uniform"
  | "glorot-normal"
  | "he-uniform"
  | "he-normal"
  | "orthogonal"
  | { readonly type: "normal" | "truncated-normal"; readonly std: number }
  /** Given numbers, as many as the parameter has. */
  | { readonly type: "values"; readonly values: Float32Array };

export interface Network {
  /** Inputs: the parameters and `features` FP32 [batch, features]; output `outputs` FP32 [batch, outputs],
   * or [batch, time, outputs] where there is one at each place; and perhaps `code`, what it made in between. */
  readonly graph: Graph;
  /** What training runs, where that is another: with dropout turned on. */
  readonly training?: Graph;
  readonly parameters: readonly Parameter[];
  /** How many tokens it sees at most, where it takes any number up to that. */
  readonly context?: number;
}

export interface NetworkSize {
  readonly features: number;
  readonly outputs: number;
  /** How one sample is to be seen: [channels, height, width], [time] of tokens, [time, channels]; else [features]. */
  readonly shape?: readonly number[];
  /** How many ids a token can be, where samples are tokens; 0 is padding. */
  readonly vocabulary?: number;
  /** The id that is 0 in the file of an architecture, where those before it are none of the file's. */
  readonly firstOfFile?: number;
  /** Whether there are outputs at every place of a sample, not for all of it. */
  readonly eachPlace?: boolean;
  /** Columns that hold ids 0 … size - 1, of which 0 is unknown or missing. */
  readonly categories?: readonly { readonly column: number; readonly size: number }[];
}
