/** Gradient rules for products of matrices. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { shapeOf } from "../sizes.ts";

export const linear = {
  // Y = A B: dA = dY Bᵀ, dB = Aᵀ dY. A vector counts as a row on the left and as a column on the right.
  MatMul: ({ g, x: [a, b], dy }) => {
    const [row, column] = [shapeOf(a).length === 1, shapeOf(b).length === 1];
    const left = row ? g.unsqueeze(a, [0]) : a;
    const right = column ? g.unsqueeze(b, [1]) : b;
    const tall = column ? g.unsqueeze(dy, [-1]) : dy;
    const d = row ? g.unsqueeze(tall, [-2]) : tall;
    const da = timesTransposed(g, d, right);
    const db = transposedTimes(g, left, d);
    return [row ? g.squeeze(da, [-2]) : da, column ? g.squeeze(db, [-1]) : db];
  },

  // Y = α A' B' + β C, where ' transposes if the attribute says so.
  Gemm: ({ g, x: [a, b, c], dy, attributes: { beta, transA, transB, ...rest } }) => {
    const alpha = rest.alpha === 1 ? undefined : rest.alpha;
    const da = transA
      ? g.gemm(b, dy, undefined, { alpha, transA: flag(transB), transB: 1 })
      : g.gemm(dy, b, undefined, { alpha, transB: flag(!transB) });
    const db = transB
      ? g.gemm(dy, a, undefined, { alpha, transA: 1, transB: flag(transA) })
      : g.gemm(a, dy, undefined, { alpha, transA: flag(!transA) });
    const dc = beta === 1 ? dy : g.mul(dy, g.scalar(beta, dy));
    return [da, db, c ? dc : null];
  },
} satisfies Rules<"MatMul" | "Gemm">;

/** A Bᵀ, over any leading axes. */
function timesTransposed(g: GraphBuilder, a: Value, b: Value): Value {
  if (isMatrix(a) && isMatrix(b)) return g.gemm(a, b, undefined, { transB: 1 });
  return g.matMul(a, swapLast(g, b));
}

/** Aᵀ B, over any leading axes. */
function transposedTimes(g: GraphBuilder, a: Value, b: Value): Value {
  if (isMatrix(a) && isMatrix(b)) return g.gemm(a, b, undefined, { transA: 1 });
  return g.matMul(swapLast(g, a), b);
}

function isMatrix(x: Value): boolean {
  return shapeOf(x).length === 2;
}

function swapLast(g: GraphBuilder, x: Value): Value {
  const rank = shapeOf(x).length;
  const axes = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return g.transpose(x, [...axes, rank - 1, rank - 2]);
}

/** 0 is what the attribute is when it is not written. */
function flag(value: boolean | number): 1 | undefined {
  return value ? 1 : undefined;
}
