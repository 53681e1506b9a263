/**
 * Gradients of matrices that are multiplied with many times: the weights of a recurrence, in a loop or unrolled. Each
 * time gives a product to be added to the others; put side by side, all of them are one product, which is much faster
 * than many small ones, each added to a sum as large as the matrix.
 */
import { type Graph, type GraphBuilder, type Node, sizeOf, type Value } from "@amaas/graph";
import { reshapeBy, shapeOf, sizesOf } from "./sizes.ts";

/** One use of a matrix: what it was multiplied with, and the gradient of what that made. */
export interface Product {
  readonly factor: Factor;
  readonly other: Value;
  readonly d: Value;
}

/** A matrix as a node multiplies with it. */
export interface Factor {
  readonly name: string;
  readonly side: "left" | "right";
  readonly transposed: boolean;
}

/** Fewer uses are not worth a copy of everything that the matrix was multiplied with. */
const fewestUses = 4;

/** What a node multiplies plainly: nothing where it does more than that. */
export function factorsOf({ domain, op, inputs, attributes }: Node): readonly Factor[] {
  if (domain !== "" || (op !== "MatMul" && op !== "Gemm")) return [];
  const of = (name: string, otherwise: number) => {
    const attribute = attributes[name];
    return attribute?.kind === "int" || attribute?.kind === "float" ? attribute.value : otherwise;
  };
  if (of("alpha", 1) !== 1) return [];
  const [left = "", right = ""] = inputs;
  const [transA, transB] = [of("transA", 0) !== 0, of("transB", 0) !== 0];
  const factors: Factor[] = [];
  if (!transB) factors.push({ name: left, side: "left", transposed: transA });
  if (!transA) factors.push({ name: right, side: "right", transposed: transB });
  return factors;
}

/** The matrices that a graph multiplies with so often that their gradients are put together. */
export function sharedFactors(graph: Graph): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const node of graph.nodes)
    for (const { name } of factorsOf(node)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set([...counts].flatMap(([name, count]) => (count >= fewestUses ? [name] : [])));
}

/** Whether a use can be put beside others at all. */
export function isProduct({ side }: Factor, matrix: Value, other: Value): boolean {
  const rank = other.shape?.length ?? 0;
  return matrix.shape?.length === 2 && (side === "left" ? rank === 2 : rank >= 1);
}

/** Whether copying what a matrix was multiplied with takes less than adding up matrices of its size. */
export function isWorthwhile({ side }: Factor, matrix: Value, other: Value): boolean {
  const size = sizeOf(matrix.shape);
  const shape = shapeOf(other);
  const times = sizeOf(side === "left" ? shape.slice(1) : shape.slice(0, -1));
  const [rows, columns] = shapeOf(matrix);
  if (size === undefined || times === undefined) return true;
  return times * (Number(rows) + Number(columns)) <= 3 * size;
}

// Y = L M: dM = Lᵀ D, and (Dᵀ L) if M is transposed there. Y = M R: dM = D Rᵀ, and (R Dᵀ).
function contract(g: GraphBuilder, { side, transposed }: Factor, other: Value, d: Value): Value {
  const [first, second] = transposed === (side === "right") ? [d, other] : [other, d];
  return side === "right"
    ? g.gemm(first, second, undefined, { transA: 1 })
    : g.gemm(first, second, undefined, { transB: 1 });
}

/** The sum of products of one matrix, which are all on one side of it in one way. */
function contractAll(g: GraphBuilder, products: readonly Product[]): Value {
  const [{ factor, other, d }] = products as readonly [Product];
  if (products.length === 1) return contract(g, factor, matrixOf(g, other), matrixOf(g, d));
  const axis = factor.side === "right" ? 0 : 1;
  const join = (values: readonly Value[]) =>
    g.concat(
      values.map((value) => matrixOf(g, value)),
      axis,
    );
  // In the order of the nodes, in which other nodes are likely to have put the same values together.
  const ordered = products.toReversed();
  return contract(
    g,
    factor,
    join(ordered.map((product) => product.other)),
    join(ordered.map((product) => product.d)),
  );
}

/** A value with all axes but the last taken as one. */
function matrixOf(g: GraphBuilder, value: Value): Value {
  const rank = shapeOf(value).length;
  return rank === 2 ? value : g.node("Flatten", [value], { axis: Math.max(rank - 1, 0) });
}

/** The gradient that the products of one matrix make. */
export function sumOfProducts(g: GraphBuilder, products: readonly Product[]): Value {
  const kinds = Map.groupBy(products, ({ factor: { side, transposed } }) => `${side}${transposed}`);
  return [...kinds.values()]
    .map((kind) => contractAll(g, kind))
    .reduce((sum, part) => g.add(sum, part));
}

/** Where the positions of a stack of many `other` or `d` lie, so that it can be taken for one of them. */
export function stackAxis({ side }: Factor): number {
  return side === "right" ? 0 : 1;
}

/** A product of stacks, as many as there were iterations. */
export function contractStacks(g: GraphBuilder, factor: Factor, other: Value, d: Value): Value {
  const flat = (stack: Value) => {
    const axis = factor.side === "right" ? shapeOf(stack).length - 1 : 1;
    return g.node("Flatten", [stack], { axis });
  };
  return contract(g, factor, flat(other), flat(d));
}

/** A matrix transposed, in a way that the engine does not take back into each product. */
export function turn(g: GraphBuilder, x: Value): Value {
  const [rows, columns] = sizesOf(g, x);
  return reshapeBy(g, g.transpose(g.unsqueeze(x, [0]), [0, 2, 1]), [columns!, rows!]);
}
