/**
 * Operators that a request's numbers can make hang, crash or take all memory, whatever its size. A model
 * with one of them runs in a process of its own, which can be ended.
 */
import type { NodeProto } from "@amaas/proto/onnx/onnx";
import { type Fact, maybeSigned, unknown, withoutMinusOne } from "./facts.ts";

type Hazard = (inputs: readonly Fact[], node: NodeProto) => string | undefined;

/** Some of these inputs are sizes, which must not come from a request. */
function sized(...slots: readonly number[]): Hazard {
  return (inputs) =>
    slots.some((slot) => inputs[slot]?.fed) ? "takes its size from what it is fed" : undefined;
}

/** The smallest whole number divided by -1 has no quotient, and the processor ends the process. */
const division: Hazard = ([dividend = unknown, divisor = unknown]) => {
  if (!maybeSigned(dividend.type || divisor.type)) return undefined;
  if (!dividend.fed && !divisor.fed) return undefined;
  if (divisor.constant && withoutMinusOne(divisor.constant)) return undefined;
  return "divides whole numbers by what may be -1, which ends the process";
};

const loop: Hazard = ([count]) => {
  if (count && !count.fed) return undefined;
  return "goes on for as long as what it is fed says";
};

const hazards: Readonly<Record<string, Hazard>> = {
  Loop: loop,
  Div: division,
  Mod: division,
  ConstantOfShape: sized(0),
  Expand: sized(1),
  Tile: sized(1),
  Range: sized(0, 1, 2),
  Resize: sized(1, 2, 3),
  Upsample: sized(1),
  OneHot: sized(1),
  Pad: sized(1),
  CenterCropPad: sized(1),
  MaxUnpool: sized(2),
  AffineGrid: sized(1),
  HannWindow: sized(0),
  HammingWindow: sized(0),
  BlackmanWindow: sized(0),
};

/** Why the node wants a process of its own, if it does. */
export function hazardOf(node: NodeProto, inputs: readonly Fact[]): string | undefined {
  const why = Object.hasOwn(hazards, node.opType)
    ? hazards[node.opType]?.(inputs, node)
    : undefined;
  return why && `${node.opType} '${node.name || node.output[0]}' ${why}`;
}

/** Operators whose answer is another one every time. */
export const randomOperators: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);
