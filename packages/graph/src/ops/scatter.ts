/** Operators that pick and place elements or whole blocks by the index vectors along a last axis. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridesOf, take } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { mergeShapes, printShape, staticShape, type ValueType } from "../shape.ts";
import { pointed, scatterReductions } from "./indexing.ts";
import { want, wantSame } from "./type-classes.ts";

/** How many axes of the data each index vector goes into. */
function depthOf(indices: Shape): Dimension {
  return indices.at(-1) ?? misfit("the indices are a scalar, vectors are wanted");
}

/** What is left of the data behind each index vector; undefined when it is not known how long those are. */
function blockShape(data: Shape, indices: Shape, batchDims: number): Shape | undefined {
  const depth = depthOf(indices);
  if (typeof depth !== "number") return undefined;
  if (depth < 1 || batchDims + depth > data.length)
    misfit(`index vectors of ${depth} do not go into ${printShape(data)}`);
  return data.slice(batchDims + depth);
}

function gatheredShape(data: ValueType, indices: ValueType, batchDims: number): Shape | undefined {
  if (!data.shape || !indices.shape) return undefined;
  if (batchDims < 0 || batchDims >= Math.min(data.shape.length, indices.shape.length))
    misfit(`batch_dims ${batchDims} is outside the axes there are`);
  const batch = [data.shape, indices.shape].map((shape) => shape.slice(0, batchDims));
  const block = blockShape(data.shape, indices.shape, batchDims);
  const vectors = indices.shape.slice(batchDims, -1);
  return block && [...mergeShapes(batch[0], batch[1])!, ...vectors, ...block];
}

function wantUpdates(data: ValueType, indices: ValueType, updates: ValueType): void {
  if (!data.shape || !indices.shape) return;
  const block = blockShape(data.shape, indices.shape, 0);
  if (block) mergeShapes(updates.shape, [...indices.shape.slice(0, -1), ...block]);
}

/** The position in `data` at which each block begins, and how many elements a block has. */
function blocksOf(
  data: NDArray,
  indices: NDArray,
  batchDims: number,
): { readonly starts: readonly number[]; readonly length: number } {
  const strides = stridesOf(data.shape);
  const index = numbersOf(indices);
  const depth = indices.shape.at(-1)!;
  const vectors = indices.shape.slice(batchDims, -1).reduce((count, size) => count * size, 1);
  const perBatch = batchDims === 0 ? 0 : strides[batchDims - 1]!;
  const starts = Array.from({ length: index.length / depth }, (_, at) => {
    let start = Math.floor(at / vectors) * perBatch;
    for (let i = 0; i < depth; i++) {
      const axis = batchDims + i;
      start += pointed(index[at * depth + i]!, data.shape[axis]!) * strides[axis]!;
    }
    return start;
  });
  return { starts, length: strides[batchDims + depth - 1]! };
}

export const scatters = {
  GatherND: operator({
    inputs: ["data", "indices"],
    outputs: ["output"],
    attributes: { batch_dims: fallback("int", 0) },
    infer({ x: [data, indices], attributes: { batch_dims } }) {
      want("INT64", "indices", indices);
      return [{ type: data.type, shape: gatheredShape(data, indices, batch_dims) }];
    },
    evaluate({ x: [data, indices], attributes: { batch_dims }, y: [y] }) {
      const { starts, length } = blocksOf(data, indices, batch_dims);
      const positions = generate(
        "INT64",
        [starts.length * length],
        (at) => starts[Math.floor(at / length)]! + (at % length),
      );
      return [take(data, staticShape(y), numbersOf(positions))];
    },
  }),

  ScatterND: operator({
    inputs: ["data", "indices", "updates"],
    outputs: ["output"],
    attributes: { reduction: fallback("string", "none") },
    infer({ x: [data, indices, updates], attributes: { reduction } }) {
      want("INT64", "indices", indices);
      wantSame(data, updates);
      wantUpdates(data, indices, updates);
      if (!Object.hasOwn(scatterReductions, reduction))
        misfit(`there is no reduction "${reduction}"`);
      return [{ type: data.type, shape: data.shape }];
    },
    evaluate({ x: [data, indices, updates], attributes: { reduction } }) {
      const { starts, length } = blocksOf(data, indices, 0);
      const result = Float64Array.from(numbersOf(data));
      const combine = scatterReductions[reduction]!;
      for (const [at, update] of numbersOf(updates).entries()) {
        const position = starts[Math.floor(at / length)]! + (at % length);
        result[position] = combine(result[position]!, update);
      }
      return [{ type: data.type, shape: data.shape, data: result }];
    },
  }),
};
