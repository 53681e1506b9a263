/**
 * Between the parameters of a model, in the terms of its framework, and the initializers of the exported file, which
 * are made of them: transposed, joined, with the gates of a recurrent network in another order.
 */
import { elementCount, type Tensor } from "@amaas/tensor";
import { generated } from "./generated.ts";
import type { ModelCase } from "./model-case.ts";

/** Every parameter by its own name. */
function parametersOf({ key, seed = key, weights, source }: ModelCase): readonly Tensor[] {
  return Object.entries(weights).map(([name, spec]) =>
    "array" in spec ? source.array(spec.array) : generated(seed, name, spec),
  );
}

/** Everything that the graph is to be run with. */
export function feedsOf(model: ModelCase): Readonly<Record<string, Tensor>> {
  const { source, key, seed = key } = model;
  const feeds: Record<string, Tensor> = {};
  for (const [name, ref] of Object.entries(model.inputs))
    feeds[name] =
      "generated" in ref ? generated(seed, `input ${name}`, ref.generated) : source.array(ref);
  if (model.target) feeds.target = source.array(model.target);
  const parameters = parametersOf(model).map(({ data }) => Float32Array.from(data, Number));
  for (const { name, shape, segments, transposed } of model.initializers) {
    const data = new Float32Array(elementCount(shape));
    let at = 0;
    for (const [parameter, start, length] of segments) {
      if (parameter >= 0) data.set(parameters[parameter]!.subarray(start, start + length), at);
      at += length;
    }
    const placed = transposed ? transpose(data, shape[1]!, shape[0]!) : data;
    feeds[name] = { type: "FP32", shape, data: placed };
  }
  return feeds;
}

/** The initializers that hold some of a parameter whose gradient is known. */
export function trainedOf({ weights, initializers, float64 }: ModelCase): readonly string[] {
  const names = Object.keys(weights);
  const known = (at: number) => Object.hasOwn(float64.gradients, names[at] ?? "");
  return initializers
    .filter(({ segments }) => segments.some(([at]) => known(at)))
    .map(({ name }) => name);
}

/** The gradients of the parameters, from those of the initializers: a parameter may be in several. */
export function gradientsOf(
  model: ModelCase,
  found: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Float64Array> {
  const specs = Object.values(model.weights).map((spec) => ("array" in spec ? spec.array : spec));
  const names = Object.keys(model.weights);
  const gradients = new Map<string, Float64Array>();
  for (const { name, shape, segments, transposed } of model.initializers) {
    const tensor = found.get(name);
    if (!tensor) continue;
    const own = Float32Array.from(tensor.data, Number);
    const data = transposed ? transpose(own, shape[0]!, shape[1]!) : own;
    let from = 0;
    for (const [at, start, length] of segments) {
      if (at >= 0) {
        const sum = gradients.get(names[at]!) ?? new Float64Array(elementCount(specs[at]!.shape));
        for (let index = 0; index < length; index++) sum[start + index]! += data[from + index]!;
        gradients.set(names[at]!, sum);
      }
      from += length;
    }
  }
  return gradients;
}

/** Of a matrix with so many rows and columns. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column]!;
  return turned;
}
