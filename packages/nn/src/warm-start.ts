/** Parameters that begin from values that were found before, under the same names. */
import { printType } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import type { Parameter } from "./network.ts";

export interface WarmStart {
  readonly parameters: readonly Parameter[];
  /** For each parameter that there is nothing for: what was found of its name and what was wanted. */
  readonly misfits: readonly string[];
}

/** The parameters, of which those that `tensors` has by name and shape begin from the values of these. */
export function warmStart(
  parameters: readonly Parameter[],
  tensors: ReadonlyMap<string, Tensor>,
): WarmStart {
  const misfits: string[] = [];
  const started = parameters.map((parameter): Parameter => {
    const { name, shape } = parameter;
    const known = tensors.get(name);
    if (known?.data instanceof Float32Array && String(known.shape) === String(shape))
      return { ...parameter, init: { type: "values", values: known.data } };
    const found = known === undefined ? "nothing" : printType(known);
    misfits.push(`${name}: found ${found}, wanted ${printType({ type: "FP32", shape })}`);
    return parameter;
  });
  return { parameters: started, misfits };
}
