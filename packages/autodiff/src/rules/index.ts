/** The gradient of every operator that the graph package describes. Total: the compiler names what is missing. */
import { isOp, type Op } from "@amaas/graph";
import type { AnyBodyRule, AnyLowering, AnyRule, Rules } from "../rule.ts";
import { activations } from "./activations.ts";
import { attention } from "./attention.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { bitwise } from "./bitwise.ts";
import { centerCrops } from "./center-crop.ts";
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

const rules: Rules<Op> = {
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
  ...convolutions,
  ...pools,
  ...resizes,
  ...gridSampling,
  ...deformations,
  ...regions,
  ...control,
  ...recurrent,
  ...attention,
  ...texts,
};

/** The rule of an operator of ai.onnx, if there is one. */
export function findRule(domain: string, op: string): AnyRule | undefined {
  const entry = find(domain, op);
  if (typeof entry === "function") return entry;
  return entry && "lower" in entry ? entry.rule : undefined;
}

/** How an operator of ai.onnx is spelled out in others before its gradient is taken, if it is. */
export function findLowering(domain: string, op: string): AnyLowering | undefined {
  const entry = find(domain, op);
  return entry && "lower" in entry ? entry : undefined;
}

/** The rule of an operator of ai.onnx that holds graphs, if there is one. */
export function findBodyRule(domain: string, op: string): AnyBodyRule | undefined {
  const entry = find(domain, op);
  return entry && "through" in entry ? entry : undefined;
}

/** By a rule of its own, spelled out in others first, or by way of the graphs that it holds. */
export type GradientForm = "rule" | "spelled out" | "bodies";

/** How a gradient flows through an operator; undefined where none does. */
export function gradientForm(domain: string, op: string): GradientForm | undefined {
  const entry = find(domain, op);
  if (!entry) return undefined;
  if (typeof entry === "function") return "rule";
  return "lower" in entry ? "spelled out" : "bodies";
}

/** Whether a gradient flows through an operator. */
export function hasGradient(domain: string, op: string): boolean {
  return gradientForm(domain, op) !== undefined;
}

type Entry = AnyRule | AnyLowering | AnyBodyRule;

function find(domain: string, op: string): Entry | undefined {
  return domain === "" && isOp(op) ? rules[op] : undefined;
}
