/**
 * Operators that draw random numbers. What they draw is no function of their inputs: the reference knows the type
 * and the shape of it, and refuses to make it up.
 */
import { typeOfOnnx } from "@amaas/tensor";
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { fallback, operator, optional, required } from "../operator.ts";
import type { ValueType } from "../shape.ts";
import { wantFloat } from "./type-classes.ts";

const seed = optional("float");
const normal = { mean: fallback("float", 0), scale: fallback("float", 1), seed };
const uniform = { low: fallback("float", 0), high: fallback("float", 1), seed };
const fp32 = 1;
const int32 = 6;

function drawn(): never {
  return misfit(
    "what it draws comes from the engine's own generator, which the reference does not have",
  );
}

function typed(dtype: number, shape: Shape | undefined): readonly [ValueType] {
  const type = typeOfOnnx(dtype) ?? misfit(`dtype ${dtype} is none of the types that are read`);
  return [{ type, shape }];
}

/** onnxruntime ends the whole process where a spread is not positive. */
function wantSpread({ scale }: { readonly scale: number }): void {
  if (!(scale > 0)) misfit(`scale is ${scale}; a positive number is wanted`);
}

/** onnxruntime ends the whole process where the bounds are the wrong way round. */
function wantBounds({ low, high }: { readonly low: number; readonly high: number }): void {
  if (!(low <= high)) misfit(`low is ${low} and high ${high}; low is wanted first`);
}

/** Of the type that is asked for, else of that of the input. */
function alike(x: ValueType, dtype: number | undefined): readonly [ValueType] {
  return dtype === undefined ? [{ type: x.type, shape: x.shape }] : typed(dtype, x.shape);
}

export const random = {
  RandomNormal: operator({
    inputs: [],
    outputs: ["output"],
    attributes: { ...normal, dtype: fallback("int", fp32), shape: required("ints") },
    infer({ attributes }) {
      wantSpread(attributes);
      return typed(attributes.dtype, attributes.shape);
    },
    evaluate: drawn,
  }),
  RandomUniform: operator({
    inputs: [],
    outputs: ["output"],
    attributes: { ...uniform, dtype: fallback("int", fp32), shape: required("ints") },
    infer({ attributes }) {
      wantBounds(attributes);
      return typed(attributes.dtype, attributes.shape);
    },
    evaluate: drawn,
  }),
  RandomNormalLike: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { ...normal, dtype: optional("int") },
    infer({ x: [x], attributes }) {
      wantSpread(attributes);
      return alike(x, attributes.dtype);
    },
    evaluate: drawn,
  }),
  RandomUniformLike: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { ...uniform, dtype: optional("int") },
    infer({ x: [x], attributes }) {
      wantBounds(attributes);
      return alike(x, attributes.dtype);
    },
    evaluate: drawn,
  }),
  Bernoulli: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { seed, dtype: optional("int") },
    infer({ x: [x], attributes: { dtype } }) {
      wantFloat("input", x);
      return alike(x, dtype);
    },
    evaluate: drawn,
  }),
  Multinomial: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { seed, dtype: fallback("int", int32), sample_size: fallback("int", 1) },
    infer({ x: [x], attributes: { dtype, sample_size } }) {
      wantFloat("input", x);
      if (x.shape && x.shape.length !== 2)
        misfit(`input has ${x.shape.length} axes; samples and classes are wanted`);
      return typed(dtype, x.shape && [x.shape[0]!, sample_size]);
    },
    evaluate: drawn,
  }),
};
