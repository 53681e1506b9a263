/** The architecture part of a job spec: the network between the features and the outputs. */
import type { FileRef } from "./job-spec.ts";

export type Activation = "relu" | "tanh" | "sigmoid" | "gelu";

/** `group` and `layer` look at one sample alone; see packages/nn on why there is no batch normalization. */
export type Normalization = "none" | "group" | "layer";

/** What weights start from; left out, each layer has its own way. */
export type InitializerSpec =
  | {
      readonly type:
        | "glorot-uniform"
        | "glorot-normal"
        | "he-uniform"
        | "he-normal"
        | "orthogonal"
        | "zeros"
        | "ones";
    }
  | { readonly type: "normal" | "truncated-normal"; readonly std: number };

/** What every architecture with hidden layers can have. */
interface Hidden {
  /** Share of the elements that training drops; none where left out. */
  readonly dropout?: number;
  readonly initializer?: InitializerSpec;
}

export interface LinearSpec {
  readonly type: "linear";
}

export interface MlpSpec extends Hidden {
  readonly type: "mlp";
  readonly hidden: readonly number[];
  readonly activation: Activation;
}

export interface ConvolutionBlock {
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  /** Convolutions, one behind the other. */
  readonly layers: number;
  /** Side of the windows that are pooled behind them; 1 for none. */
  readonly pool: number;
}

export interface CnnSpec extends Hidden {
  readonly type: "cnn";
  readonly blocks: readonly ConvolutionBlock[];
  readonly pooling: "max" | "average";
  /** Dense layers behind the blocks. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly norm: Normalization;
}

export interface ResnetSpec extends Hidden {
  readonly type: "resnet";
  /** Residual blocks of each stage. */
  readonly blocks: readonly number[];
  /** Filters of the first stage; each stage doubles them and halves the image. */
  readonly width: number;
  readonly activation: Activation;
  readonly norm: Normalization;
}

export interface RecurrentSpec extends Hidden {
  readonly type: "rnn" | "gru" | "lstm";
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  /** Width of what a token is looked up as; series have their own. */
  readonly embedding: number;
  readonly pooling: "last" | "mean";
}

export interface TransformerSpec extends Hidden {
  readonly type: "transformer";
  readonly width: number;
  /** Into which the width is divided. */
  readonly heads: number;
  readonly layers: number;
  /** Four times the width where left out. */
  readonly feedforward?: number;
  readonly pooling: "mean" | "first";
}

export interface WideDeepSpec extends Hidden {
  readonly type: "wide-deep";
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Width of what a category is looked up as. */
  readonly embedding: number;
}

export interface GptSpec extends Hidden {
  readonly type: "gpt";
  readonly width: number;
  /** Into which the width is divided. */
  readonly heads: number;
  readonly layers: number;
  /** Four times the width where left out. */
  readonly feedforward?: number;
  /** Whether the table that tokens are looked up in tells the next ones too. */
  readonly tied: boolean;
}

export interface AutoencoderSpec extends Hidden {
  readonly type: "autoencoder";
  readonly code: number;
  /** Dense layers on the way to the code. */
  readonly hidden: readonly number[];
  /** Of images: convolutions in front of them, each of which halves the image. */
  readonly filters: readonly number[];
  readonly activation: Activation;
  readonly norm: Normalization;
  /** Share of the values that training hides. */
  readonly corrupt?: number;
}

export interface UnetSpec extends Omit<Hidden, "dropout"> {
  readonly type: "unet";
  /** Filters at full size; they double as the image halves. */
  readonly width: number;
  readonly depth: number;
  readonly activation: Activation;
  readonly norm: Normalization;
  /** Share of the values that training hides. */
  readonly corrupt?: number;
}

/** Any network there is a file of; what is served is trained on from it. */
export interface OnnxSpec {
  readonly type: "onnx";
  readonly file: FileRef;
  /** Of the values that the file computes with, where samples go in and scores come out. */
  readonly input?: string;
  readonly output?: string;
  /** Inputs that follow from the samples: which places hold a token, and how many are before each. */
  readonly mask?: string;
  readonly positions?: string;
  /** Names of initializers that are parameters, `*` standing for anything; the others are constants. */
  readonly train: readonly string[];
  /** What parameters start from: what the file holds, or what new ones would. */
  readonly initial: "file" | "fresh";
  /** Whether the outputs are the file's, or those of a new layer in the place of its last dense one. */
  readonly head: { readonly outputs: "keep" | "replace" };
}

export type ArchitectureSpec =
  | LinearSpec
  | MlpSpec
  | CnnSpec
  | ResnetSpec
  | RecurrentSpec
  | TransformerSpec
  | WideDeepSpec
  | GptSpec
  | AutoencoderSpec
  | UnetSpec
  | OnnxSpec;
