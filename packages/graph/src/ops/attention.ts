/**
 * Attention: what every query finds of the values, weighted by how well it goes with their keys, and the rotation
 * that tells queries and keys where they stand.
 */
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { broadcastTo, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import type { ValueType } from "../shape.ts";
import { attentionShapes, behind, byHead, sideBySide } from "./attention-layout.ts";
import { wantStretches } from "./channels.ts";
import { rotaryEmbedding } from "./rotary-embedding.ts";
import { normalised } from "./softmax.ts";
import { isFloat, wantFloat, wantSame } from "./type-classes.ts";

/** FP32, FP16 and FP64, as ONNX numbers types. */
const precisions = [1, 10, 11];

interface Attributes {
  readonly qk_matmul_output_mode: number;
  readonly scale: number | undefined;
  readonly softmax_precision: number | undefined;
}

function wantAttributes(attributes: Attributes): void {
  const { qk_matmul_output_mode: mode, scale, softmax_precision: precision } = attributes;
  if (![0, 1, 2, 3].includes(mode)) misfit(`qk_matmul_output_mode ${mode} is none of 0 to 3`);
  if (scale !== undefined && !(scale > 0)) misfit(`scale is ${scale}, more than 0 is wanted`);
  if (precision !== undefined && !precisions.includes(precision))
    misfit(`softmax_precision ${precision} is none of 1 (FP32), 10 (FP16) and 11 (FP64)`);
}

function wantMask(mask: ValueType, scores: Shape): void {
  if (mask.type !== "BOOL" && !isFloat(mask.type))
    misfit(`attn_mask is ${mask.type}, BOOL or a floating-point type is wanted`);
  if (mask.shape?.length === 0) misfit("attn_mask has no axis of keys");
  wantStretches("attn_mask", mask, scores);
}

/** Each query with each key, of which several heads of queries may share one head. */
function productsOf(q: NDArray, keys: NDArray, scale: number): NDArray {
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  const [, keyHeads, length] = keys.shape as [number, number, number];
  const [left, right] = [numbersOf(q), numbersOf(keys)];
  return generate(q.type, [batch, heads, queries, length], (at) => {
    const row = Math.floor(at / length);
    const matrix = Math.floor((Math.floor(row / queries) * keyHeads) / heads);
    const key = matrix * length + (at % length);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += left[row * width + i]! * right[key * width + i]!;
    return scale * sum;
  });
}

/** What is added to each product: minus infinity where a query must not look. */
function biasOf(
  products: NDArray,
  mask: NDArray | undefined,
  past: number | undefined,
): Float64Array {
  const { type, shape } = products;
  const [queries, keys] = [shape[2]!, shape[3]!];
  const given = mask && numbersOf(broadcastTo(mask, shape));
  const own = (at: number): number => {
    if (!given) return 0;
    if (mask.type !== "BOOL") return given[at]!;
    return given[at] ? 0 : -Infinity;
  };
  const isAhead = (at: number): boolean =>
    past !== undefined && (at % keys) - (Math.floor(at / keys) % queries) > past;
  return numbersOf(generate(type, shape, (at) => (isAhead(at) ? -Infinity : own(at))));
}

/** The share of each key; where a query may look at nothing, none has one. */
function weightsOf(scores: NDArray, bias: Float64Array): NDArray {
  const keys = scores.shape[3]!;
  const shares = numbersOf(normalised(scores, 3, (shifted, total) => Math.exp(shifted) / total));
  const isBlind = Array.from({ length: keys && bias.length / keys }, (_, row) =>
    bias.subarray(row * keys, (row + 1) * keys).every((added) => added === -Infinity),
  );
  return generate(scores.type, scores.shape, (at) =>
    isBlind[Math.floor(at / keys)] ? 0 : shares[at]!,
  );
}

/** The values of each query's keys, as large as their shares. */
function mixtures(weights: NDArray, values: NDArray): NDArray {
  const [batch, heads, queries, keys] = weights.shape as [number, number, number, number];
  const [keyHeads, width] = [values.shape[1]!, values.shape[3]!];
  const [shares, data] = [numbersOf(weights), numbersOf(values)];
  return generate(weights.type, [batch, heads, queries, width], (at) => {
    const row = Math.floor(at / width);
    const matrix = Math.floor((Math.floor(row / queries) * keyHeads) / heads);
    let sum = 0;
    for (let t = 0; t < keys; t++)
      sum += shares[row * keys + t]! * data[(matrix * keys + t) * width + (at % width)]!;
    return sum;
  });
}

export const attention = {
  Attention: operator({
    inputs: ["Q", "K", "V", "attn_mask?", "past_key?", "past_value?"],
    outputs: ["Y", "present_key?", "present_value?", "qk_matmul_output?"],
    attributes: {
      is_causal: fallback("int", 0),
      kv_num_heads: optional("int"),
      q_num_heads: optional("int"),
      qk_matmul_output_mode: fallback("int", 0),
      scale: optional("float"),
      softcap: fallback("float", 0),
      softmax_precision: optional("int"),
    },
    infer({ x, attributes }) {
      const [q, k, v, mask, pastKey, pastValue] = x;
      wantFloat("Q", q);
      wantFloat("V", v);
      wantSame(q, k, ...(pastKey ? [pastKey] : []));
      wantSame(v, ...(pastValue ? [pastValue] : []));
      wantAttributes(attributes);
      const shapes = attentionShapes(x, attributes);
      if (mask) wantMask(mask, shapes.scores);
      return [
        { type: q.type, shape: shapes.y },
        { type: k.type, shape: shapes.presentKey },
        { type: v.type, shape: shapes.presentValue },
        { type: q.type, shape: shapes.scores },
      ];
    },
    evaluate({ x: [q, k, v, mask, pastKey, pastValue], attributes }) {
      const { is_causal, kv_num_heads, q_num_heads, softcap } = attributes;
      const query = byHead(q, q_num_heads);
      const keys = behind(pastKey, byHead(k, kv_num_heads));
      const values = behind(pastValue, byHead(v, kv_num_heads));
      const products = productsOf(query, keys, attributes.scale ?? 1 / Math.sqrt(query.shape[3]!));
      const { type, shape } = products;
      const found = numbersOf(products);
      const capped =
        softcap > 0 ? found.map((product) => softcap * Math.tanh(product / softcap)) : found;
      const bias = biasOf(products, mask, is_causal === 1 ? (pastKey?.shape[2] ?? 0) : undefined);
      const scores = generate(type, shape, (at) => capped[at]! + bias[at]!);
      const weights = weightsOf(scores, bias);
      const y = mixtures(weights, values);
      const stages = [products, { type, shape, data: capped }, scores, weights];
      const stage = stages[attributes.qk_matmul_output_mode]!;
      return [q.shape.length === 3 ? sideBySide(y) : y, keys, values, stage];
    },
  }),

  RotaryEmbedding: rotaryEmbedding,
};
