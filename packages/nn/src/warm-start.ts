/** Parameters that begin from values that were found before, under the same names. */
import { printType } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import type { Parameter } from "./network.ts";
import { layout } from "./parameters.ts";

export interface WarmStart {
  /** Of all parameters, in the order of `layout`. */
  readonly values: Float32Array;
  /** For each parameter that there is nothing for: what was found of its name and what was wanted. */
  readonly misfits: readonly string[];
}

/** `initial`, in which the parameters that `tensors` has by name and shape have the values of those. */
export function warmStart(
  parameters: readonly Parameter[],
  initial: Float32Array,
  tensors: ReadonlyMap<string, Tensor>,
): WarmStart {
  const values = initial.slice();
  const misfits: string[] = [];
  for (const { name, shape, offset } of layout(parameters)) {
    const known = tensors.get(name);
    if (known?.data instanceof Float32Array && String(known.shape) === String(shape))
      values.set(known.data, offset);
    else {
      const found = known === undefined ? "nothing" : printType(known);
      misfits.push(`${name}: found ${found}, wanted ${printType({ type: "FP32", shape })}`);
    }
  }
  return { values, misfits };
}
