/** Operators that say more than they can in the version that is used here, or do not exist there. */
import type { Node } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { tensorOf } from "../ndarray.ts";
import {
  attributeOf,
  type Changes,
  nodeOf,
  type Surroundings,
  withoutAttributes,
} from "./change.ts";

/** The last element type that the version used here has, by ONNX's number. */
const lastType = 23;

export const downward: Changes = {
  Attention: { since: 24, change: attention },
  Cast: { since: 24, change: cast },
  CastLike: { since: 24, change: cast },
  DequantizeLinear: { since: 24, change: cast },
  QuantizeLinear: { since: 24, change: cast },
  Swish: { since: 24, change: swish },
  TensorScatter: { since: 24, change: unknown },
  BitCast: { since: 26, change: unknown },
  CumProd: { since: 26, change: unknown },
};

function attention(node: Node): Node {
  if (node.inputs[6])
    misfit(
      `its input nonpad_kv_seqlen ("${node.inputs[6]}") came after opset 23; say the padding in attn_mask`,
    );
  for (const name of ["left_window_size", "right_window_size"]) {
    const size = attributeOf(node, name, "int") ?? -1;
    if (size !== -1)
      misfit(`its attribute ${name} (${size}) came after opset 23; say the window in attn_mask`);
  }
  const plain = withoutAttributes(node, "left_window_size", "right_window_size");
  return { ...plain, inputs: node.inputs.slice(0, 6) };
}

/** How to round matters to the new types alone. */
function cast(node: Node): Node {
  for (const name of ["to", "output_dtype"]) {
    const type = attributeOf(node, name, "int") ?? 0;
    if (type > lastType) misfit(`it makes ONNX type ${type}, which came after opset 23`);
  }
  return withoutAttributes(node, "round_mode");
}

/** y = x · sigmoid(alpha · x) */
function swish(node: Node, around: Surroundings): readonly Node[] {
  const alpha = attributeOf(node, "alpha", "float") ?? 1;
  const [x = ""] = node.inputs;
  const [y = ""] = node.outputs;
  const name = (what: string) => around.fresh(`${node.name}/${what}`);
  const scaled = alpha === 1 ? [] : scale(x, alpha, node, around);
  const gate = nodeOf("Sigmoid", [scaled.at(-1)?.name ?? x], name("gate"));
  return [...scaled, gate, { ...nodeOf("Mul", [x, gate.name], y), name: node.name }];
}

/** The factor takes the type of `x`, which is not known here. */
function scale(x: string, factor: number, node: Node, around: Surroundings): readonly Node[] {
  const number = around.constant(`${node.name}/alpha`, tensorOf("FP32", [], [factor]));
  const typed = nodeOf("CastLike", [number, x], around.fresh(`${node.name}/typed alpha`));
  return [typed, nodeOf("Mul", [x, typed.name], around.fresh(`${node.name}/scaled`))];
}

function unknown(): never {
  return misfit(
    "this operator came after opset 23 and cannot be said in its operators; export the model without it",
  );
}
