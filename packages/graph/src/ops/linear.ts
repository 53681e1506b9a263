/** Products of matrices. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import {
  broadcastTo,
  generate,
  type NDArray,
  numbersOf,
  stridedPositions,
  stridesOf,
  take,
} from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import {
  broadcastShapes,
  mergeDimensions,
  printShape,
  staticShape,
  type ValueType,
} from "../shape.ts";
import { wantNumeric, wantSame } from "./type-classes.ts";

/** As NumPy's matmul: a vector on the left is a row, one on the right a column, and neither stays. */
function matMulShape(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a || !b) return undefined;
  if (a.length === 0 || b.length === 0) misfit("a scalar has no matrix product");
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  agree(left.at(-1)!, right.at(-2)!);
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2))!;
  const rows = a.length === 1 ? [] : [left.at(-2)!];
  const columns = b.length === 1 ? [] : [right.at(-1)!];
  return [...batch, ...rows, ...columns];
}

function agree(inner: Dimension, other: Dimension): void {
  if (typeof inner === "number" && typeof other === "number" && inner !== other)
    misfit(`the inner sizes ${inner} and ${other} differ`);
}

function gemmShape(a: Shape, b: Shape, transA: boolean, transB: boolean): Shape {
  if (a.length !== 2 || b.length !== 2)
    misfit(`A is ${printShape(a)} and B is ${printShape(b)}, two matrices are wanted`);
  const [m, k] = transA ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [inner, n] = transB ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  agree(k, inner);
  return [m, n];
}

function wantFits(c: ValueType, y: Shape | undefined): void {
  if (!c.shape || !y) return;
  const shape = broadcastShapes(c.shape, y)!;
  if (shape.length !== 2)
    misfit(`C is ${printShape(c.shape)}, it must broadcast to ${printShape(y)}`);
  for (const [axis, dimension] of shape.entries()) mergeDimensions(dimension, y[axis]!);
}

/** [..., m, k] times [..., k, n] with equal leading sizes. */
function multiply(a: NDArray, b: NDArray): NDArray {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const [left, right] = [numbersOf(a), numbersOf(b)];
  return generate(a.type, [...a.shape.slice(0, -1), n], (index) => {
    const row = Math.floor(index / n);
    const start = row * k;
    const other = Math.floor(row / m) * k * n + (index % n);
    let sum = 0;
    for (let i = 0; i < k; i++) sum += left[start + i]! * right[other + i * n]!;
    return sum;
  });
}

function transposed(x: NDArray): NDArray {
  const [rows, columns] = [x.shape[0]!, x.shape[1]!];
  return take(
    x,
    [columns, rows],
    stridedPositions([columns, rows], stridesOf(x.shape).toReversed()),
  );
}

export const linear = {
  MatMul: operator({
    inputs: ["A", "B"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [a, b] }) {
      wantNumeric("A", a);
      wantSame(a, b);
      return [{ type: a.type, shape: matMulShape(a.shape, b.shape) }];
    },
    evaluate({ x: [a, b], y: [y] }) {
      const left = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
      const right = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
      const lead = staticShape({
        type: a.type,
        shape: broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2)),
      });
      const product = multiply(
        broadcastTo(left, [...lead, ...left.shape.slice(-2)]),
        broadcastTo(right, [...lead, ...right.shape.slice(-2)]),
      );
      return [{ ...product, shape: staticShape(y) }];
    },
  }),

  Gemm: operator({
    inputs: ["A", "B", "C?"],
    outputs: ["Y"],
    attributes: {
      alpha: fallback("float", 1),
      beta: fallback("float", 1),
      transA: fallback("int", 0),
      transB: fallback("int", 0),
    },
    infer({ x: [a, b, c], attributes: { transA, transB } }) {
      wantNumeric("A", a);
      wantSame(a, b, ...(c ? [c] : []));
      const shape = a.shape && b.shape && gemmShape(a.shape, b.shape, transA !== 0, transB !== 0);
      if (c) wantFits(c, shape);
      return [{ type: a.type, shape }];
    },
    evaluate({ x: [a, b, c], attributes: { alpha, beta, transA, transB } }) {
      const product = multiply(transA ? transposed(a) : a, transB ? transposed(b) : b);
      const sums = numbersOf(product);
      const added = c && numbersOf(broadcastTo(c, product.shape));
      return [
        generate(a.type, product.shape, (i) => alpha * sums[i]! + (added ? beta * added[i]! : 0)),
      ];
    },
  }),
};
