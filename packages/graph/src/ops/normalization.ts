/**
 * Normalizations of each sample by itself: what is left when its own mean and spread are taken out. Batch
 * normalization, which looks at all samples at once, is in batch-normalization.ts.
 */
import { elementCount } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { broadcastTo, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator, required } from "../operator.ts";
import { axisOf, type ValueType } from "../shape.ts";
import { epsilon, scaleChannels, wantChannels, wantPerChannel, wantStretches } from "./channels.ts";
import { type Moments, meansOf, momentsOf, standardize } from "./moments.ts";
import { type FloatType, wantFloat, wantSame } from "./type-classes.ts";

/** What statistics are computed in, as ONNX numbers types. */
const stash = fallback("int", 1);

function statisticsType(stash_type: number): FloatType {
  if (stash_type === 1) return "FP32";
  if (stash_type === 10) return "FP16";
  if (stash_type === 11) return "FP64";
  return misfit(`stash_type ${stash_type} is none of 1 (FP32), 10 (FP16) and 11 (FP64)`);
}

/** Groups of neighbouring elements. */
function inRows(length: number): (at: number) => number {
  return (at) => Math.floor(at / length);
}

function rowsOf(x: NDArray, length: number): number {
  return length === 0 ? 0 : elementCount(x.shape) / length;
}

/** Every `length` neighbours normalized with their own moments. */
function normalizeRows(x: NDArray, length: number, epsilon: number): NDArray {
  const moments = momentsOf(x, rowsOf(x, length), inRows(length));
  return standardize(x, moments, inRows(length), ({ variance }) => Math.sqrt(variance + epsilon));
}

export const normalization = {
  LayerNormalization: operator({
    inputs: ["X", "Scale", "B?"],
    outputs: ["Y", "Mean?", "InvStdDev?"],
    attributes: { axis: fallback("int", -1), epsilon, stash_type: stash },
    infer({ x: [x, scale, bias], attributes: { axis, stash_type } }) {
      wantFloat("X", x);
      wantSame(x, scale, ...(bias ? [bias] : []));
      wantStretches("Scale", scale, x.shape);
      if (bias) wantStretches("B", bias, x.shape);
      const from = x.shape ? axisOf(axis, x.shape.length) : 0;
      const shape = x.shape?.map((size, at) => (at < from ? size : 1));
      const statistic: ValueType = { type: statisticsType(stash_type), shape };
      return [{ type: x.type, shape: x.shape }, statistic, statistic];
    },
    evaluate({ x: [x, scale, bias], attributes: { axis, epsilon, stash_type } }) {
      const from = axisOf(axis, x.shape.length);
      const length = elementCount(x.shape.slice(from));
      if (length === 0) misfit(`rows of the shape [${x.shape.slice(from)}] have no mean`);
      const moments = momentsOf(x, rowsOf(x, length), inRows(length));
      const spread = ({ variance }: Moments) => Math.sqrt(variance + epsilon);
      const y = numbersOf(standardize(x, moments, inRows(length), spread));
      const factors = numbersOf(broadcastTo(scale, x.shape));
      const terms = bias && numbersOf(broadcastTo(bias, x.shape));
      const type = statisticsType(stash_type);
      const shape = x.shape.map((size, at) => (at < from ? size : 1));
      return [
        generate(x.type, x.shape, (at) => y[at]! * factors[at]! + (terms ? terms[at]! : 0)),
        generate(type, shape, (row) => moments[row]!.mean),
        generate(type, shape, (row) => 1 / spread(moments[row]!)),
      ];
    },
  }),

  RMSNormalization: operator({
    inputs: ["X", "scale"],
    outputs: ["Y"],
    attributes: { axis: fallback("int", -1), epsilon, stash_type: stash },
    infer({ x: [x, scale], attributes: { axis, stash_type } }) {
      wantFloat("X", x);
      wantFloat("scale", scale);
      wantStretches("scale", scale, x.shape);
      statisticsType(stash_type);
      if (x.shape) axisOf(axis, x.shape.length);
      return [{ type: scale.type, shape: x.shape }];
    },
    evaluate({ x: [x, scale], attributes: { axis, epsilon } }) {
      const length = elementCount(x.shape.slice(axisOf(axis, x.shape.length)));
      const data = numbersOf(x);
      const squares = data.map((value) => value * value);
      const means = meansOf(squares, rowsOf(x, length), inRows(length));
      const factors = numbersOf(broadcastTo(scale, x.shape));
      return [
        generate(scale.type, x.shape, (at) => {
          const root = Math.sqrt(means[inRows(length)(at)]! + epsilon);
          return (data[at]! / root) * factors[at]!;
        }),
      ];
    },
  }),

  GroupNormalization: operator({
    inputs: ["X", "scale", "bias"],
    outputs: ["Y"],
    attributes: { num_groups: required("int"), epsilon, stash_type: stash },
    infer({ x: [x, scale, bias], attributes: { num_groups, stash_type } }) {
      wantFloat("X", x);
      wantSame(x, scale, bias);
      wantChannels("X", x);
      wantPerChannel("scale", scale, x.shape?.[1]);
      wantPerChannel("bias", bias, x.shape?.[1]);
      statisticsType(stash_type);
      const channels = x.shape?.[1];
      if (num_groups < 1 || (typeof channels === "number" && channels % num_groups !== 0))
        misfit(`${channels ?? "the"} channels do not fall into ${num_groups} groups`);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x, scale, bias], attributes: { num_groups, epsilon } }) {
      const y = normalizeRows(x, elementCount(x.shape.slice(1)) / num_groups, epsilon);
      return [scaleChannels(y, scale, bias)];
    },
  }),

  InstanceNormalization: operator({
    inputs: ["input", "scale", "B"],
    outputs: ["output"],
    attributes: { epsilon },
    infer({ x: [x, scale, bias] }) {
      wantFloat("input", x);
      wantSame(x, scale, bias);
      wantChannels("input", x);
      wantPerChannel("scale", scale, x.shape?.[1]);
      wantPerChannel("B", bias, x.shape?.[1]);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x, scale, bias], attributes: { epsilon } }) {
      const y = normalizeRows(x, elementCount(x.shape.slice(2)), epsilon);
      return [scaleChannels(y, scale, bias)];
    },
  }),
};
