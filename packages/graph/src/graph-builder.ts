/** The builder as graphs are written with it: one short method for each operator, in the operator's own terms. */
import { type DataType, onnxTypeOf } from "@amaas/tensor";
import { NodeBuilder } from "./builder.ts";
import { defaultOpset } from "./graph.ts";
import { within } from "./misfit.ts";
import { axisOf } from "./shape.ts";
import type { Value } from "./value.ts";

type Sizes = readonly number[] | Value;
/** What is undefined is left out, as everywhere. */
type GemmAttributes = {
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly transA?: 0 | 1 | undefined;
  readonly transB?: 0 | 1 | undefined;
};

interface Reduction {
  readonly keepdims?: boolean;
}

/** `graphBuilder("net", { opset: 23 })` */
export function graphBuilder(
  name: string,
  options: { readonly opset?: typeof defaultOpset } = {},
): GraphBuilder {
  return new GraphBuilder(name, { "": options.opset ?? defaultOpset });
}

export class GraphBuilder extends NodeBuilder {
  add = (a: Value, b: Value): Value => this.node("Add", [a, b]);
  sub = (a: Value, b: Value): Value => this.node("Sub", [a, b]);
  mul = (a: Value, b: Value): Value => this.node("Mul", [a, b]);
  div = (a: Value, b: Value): Value => this.node("Div", [a, b]);
  pow = (a: Value, b: Value): Value => this.node("Pow", [a, b]);
  neg = (x: Value): Value => this.node("Neg", [x]);
  abs = (x: Value): Value => this.node("Abs", [x]);
  sign = (x: Value): Value => this.node("Sign", [x]);
  exp = (x: Value): Value => this.node("Exp", [x]);
  log = (x: Value): Value => this.node("Log", [x]);
  sqrt = (x: Value): Value => this.node("Sqrt", [x]);
  tanh = (x: Value): Value => this.node("Tanh", [x]);
  sigmoid = (x: Value): Value => this.node("Sigmoid", [x]);
  relu = (x: Value): Value => this.node("Relu", [x]);

  greater = (a: Value, b: Value): Value => this.node("Greater", [a, b]);
  greaterOrEqual = (a: Value, b: Value): Value => this.node("GreaterOrEqual", [a, b]);
  less = (a: Value, b: Value): Value => this.node("Less", [a, b]);
  lessOrEqual = (a: Value, b: Value): Value => this.node("LessOrEqual", [a, b]);
  equal = (a: Value, b: Value): Value => this.node("Equal", [a, b]);
  and = (a: Value, b: Value): Value => this.node("And", [a, b]);
  or = (a: Value, b: Value): Value => this.node("Or", [a, b]);
  not = (x: Value): Value => this.node("Not", [x]);
  isNaN = (x: Value): Value => this.node("IsNaN", [x]);
  where = (condition: Value, x: Value, y: Value): Value => this.node("Where", [condition, x, y]);

  matMul = (a: Value, b: Value): Value => this.node("MatMul", [a, b]);

  gemm(a: Value, b: Value, c?: Value, attributes: GemmAttributes = {}): Value {
    return this.node("Gemm", c ? [a, b, c] : [a, b], attributes);
  }

  /** Over all axes, when none are given. */
  reduceSum = (x: Value, axes?: Sizes, options?: Reduction): Value =>
    this.#reduce("ReduceSum", x, axes, options);
  reduceMean = (x: Value, axes?: Sizes, options?: Reduction): Value =>
    this.#reduce("ReduceMean", x, axes, options);
  reduceMax = (x: Value, axes?: Sizes, options?: Reduction): Value =>
    this.#reduce("ReduceMax", x, axes, options);

  #reduce(op: string, x: Value, axes?: Sizes, { keepdims = true }: Reduction = {}): Value {
    // Counted from the front: of empty tensors, onnxruntime 1.30 takes negative axes for others.
    const rank = x.shape?.length;
    const known =
      isValue(axes) || rank === undefined
        ? axes
        : within(
            () => `${op}(${x.label})`,
            () => axes?.map((axis) => axisOf(axis, rank)),
          );
    return this.node(op, known ? [x, this.#sizes(known)] : [x], { keepdims: Number(keepdims) });
  }

  argMax = (x: Value, axis: number, { keepdims = true }: Reduction = {}): Value =>
    this.node("ArgMax", [x], { axis, keepdims: Number(keepdims) });

  softmax = (x: Value, axis = -1): Value => this.node("Softmax", [x], { axis });
  logSoftmax = (x: Value, axis = -1): Value => this.node("LogSoftmax", [x], { axis });

  identity = (x: Value): Value => this.node("Identity", [x]);
  cast = (x: Value, type: DataType): Value => this.node("Cast", [x], { to: onnxTypeOf(type) });
  size = (x: Value): Value => this.node("Size", [x]);
  /** With axes reversed, unless a permutation is given; `x` itself where that leaves them as they are. */
  transpose(x: Value, perm = x.shape?.map((_, axis) => x.shape!.length - 1 - axis)): Value {
    // Written out: without it, onnxruntime 1.30 ends the process where it moves one past a DequantizeLinear.
    return perm?.every((axis, index) => axis === index) ? x : this.node("Transpose", [x], { perm });
  }

  expand = (x: Value, shape: Sizes): Value => this.node("Expand", [x, this.#sizes(shape)]);
  unsqueeze = (x: Value, axes: Sizes): Value => this.node("Unsqueeze", [x, this.#sizes(axes)]);

  /** The sizes of the axes from `start` up to `end`. */
  shape = (x: Value, start?: number, end?: number): Value =>
    this.node("Shape", [x], { start, end });

  reshape = (x: Value, shape: Sizes, options: { allowzero?: 0 | 1 } = {}): Value =>
    this.node("Reshape", [x, this.#sizes(shape)], options);

  squeeze = (x: Value, axes?: Sizes): Value =>
    this.node("Squeeze", axes ? [x, this.#sizes(axes)] : [x]);

  gather = (data: Value, indices: Value, axis = 0): Value =>
    this.node("Gather", [data, indices], { axis });

  gatherElements = (data: Value, indices: Value, axis = 0): Value =>
    this.node("GatherElements", [data, indices], { axis });

  scatterElements = (
    data: Value,
    indices: Value,
    updates: Value,
    attributes: { axis?: number; reduction?: "none" | "add" | "mul" | "min" | "max" } = {},
  ): Value => this.node("ScatterElements", [data, indices, updates], attributes);

  /** `values` holds what stands where the index is not, and where it is. */
  oneHot = (indices: Value, depth: Value, values: Value, axis = -1): Value =>
    this.node("OneHot", [indices, depth, values], { axis });

  nonZero = (x: Value): Value => this.node("NonZero", [x]);
  concat = (values: readonly Value[], axis: number): Value => this.node("Concat", values, { axis });

  /** One part for each size. */
  split = (x: Value, sizes: readonly number[], axis = 0): readonly Value[] =>
    this.node("Split", [x, this.ints(sizes)], { axis }, { outputs: sizes.length });

  #sizes(sizes: Sizes): Value {
    return isValue(sizes) ? sizes : this.ints(sizes);
  }
}

function isValue(sizes: Sizes | undefined): sizes is Value {
  return sizes !== undefined && !Array.isArray(sizes);
}
