/**
 * Every operator that is described here, by domain. To add one, write it down in a family; the rule table of
 * autodiff then asks for its gradient.
 */
import { contribDomain, mlDomain } from "../graph.ts";
import type { Operator } from "../operator.ts";
import { activations } from "./activations.ts";
import { attention } from "./attention.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { bitwise } from "./bitwise.ts";
import { centerCrops } from "./center-crop.ts";
import { contrib } from "./contrib.ts";
import { control } from "./control.ts";
import { convolutions } from "./conv.ts";
import { cumulations } from "./cumulative.ts";
import { deformations } from "./deform-conv.ts";
import { determinants } from "./determinant.ts";
import { dropout } from "./dropout.ts";
import { einsum } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { folding } from "./fold.ts";
import { gridSampling } from "./grid-sample.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { linear } from "./linear.ts";
import { localNormalization } from "./local-normalization.ts";
import { logic } from "./logic.ts";
import { losses } from "./losses.ts";
import { ml } from "./ml.ts";
import { normalization } from "./normalization.ts";
import { padding } from "./pad.ts";
import { pools } from "./pool.ts";
import { quantization } from "./quantize.ts";
import { random } from "./random.ts";
import { ranges } from "./range.ts";
import { rearrangements } from "./rearrange.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reduce.ts";
import { regions } from "./regions.ts";
import { resizes } from "./resize.ts";
import { scatters } from "./scatter.ts";
import { signalWindows } from "./signal-windows.ts";
import { slicing } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { sorts } from "./sort.ts";
import { texts } from "./texts.ts";
import { trigonometry } from "./trigonometry.ts";

export const operators = {
  ...elementwise,
  ...activations,
  ...trigonometry,
  ...bitwise,
  ...cumulations,
  ...logic,
  ...linear,
  ...determinants,
  ...reductions,
  ...softmax,
  ...losses,
  ...layout,
  ...indexing,
  ...convolutions,
  ...pools,
  ...resizes,
  ...regions,
  ...gridSampling,
  ...deformations,
  ...scatters,
  ...slicing,
  ...einsum,
  ...sorts,
  ...normalization,
  ...batchNormalization,
  ...localNormalization,
  ...dropout,
  ...random,
  ...rearrangements,
  ...padding,
  ...centerCrops,
  ...folding,
  ...ranges,
  ...signalWindows,
  ...quantization,
  ...control,
  ...recurrent,
  ...attention,
  ...texts,
};

/** Operators of other domains. They prepare what a network is given: no gradient flows through them. */
const otherOperators: Readonly<Record<string, Readonly<Record<string, Operator>>>> = {
  [mlDomain]: ml,
  [contribDomain]: contrib,
};

/** The operators of ai.onnx that are described. */
export type Op = keyof typeof operators;
export type Operators = typeof operators;

/** The description of an operator, if there is one. */
export function findOperator(domain: string, op: string): Operator | undefined {
  if (domain === "") return isOp(op) ? operators[op] : undefined;
  const family = Object.hasOwn(otherOperators, domain) ? otherOperators[domain] : undefined;
  return family && Object.hasOwn(family, op) ? family[op] : undefined;
}

export function isOp(op: string): op is Op {
  return Object.hasOwn(operators, op);
}
