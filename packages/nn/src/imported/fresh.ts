/** What weights of a file start from that are to begin anew: it goes by what they are used for. */
import { elementCount } from "@amaas/tensor";
import type { Parameter } from "../network.ts";
import type { Use } from "./uses.ts";

type Start = Pick<Parameter, "init" | "fans">;

/** By operator, from its second input on. */
const starts: Readonly<Record<string, readonly Start["init"][]>> = {
  Conv: ["he-uniform", "zeros"],
  ConvTranspose: ["he-uniform", "zeros"],
  Gemm: ["glorot-uniform", "zeros"],
  MatMul: ["glorot-uniform"],
  BatchNormalization: ["ones", "zeros"],
  InstanceNormalization: ["ones", "zeros"],
  GroupNormalization: ["ones", "zeros"],
  LayerNormalization: ["ones", "zeros"],
  RMSNormalization: ["ones"],
  LSTM: ["glorot-uniform", "glorot-uniform", "zeros"],
  GRU: ["glorot-uniform", "glorot-uniform", "zeros"],
  RNN: ["glorot-uniform", "glorot-uniform", "zeros"],
  Mul: ["ones"],
  Add: ["zeros"],
};

const recurrent = ["LSTM", "GRU", "RNN"];

const table = { type: "normal", std: 0.02 } as const;

/** Scales 1, biases 0, tables of rows small numbers, other matrices as Glorot and Bengio (2010) have it. */
export function freshValues(shape: readonly number[], uses: readonly Use[]): Start {
  for (const { op, place } of uses) {
    if (op === "Gather" && place === 0) return { init: table };
    // Sums and products take either side; of the matrices there, nothing is known.
    if ((op === "Add" || op === "Mul") && isVector(shape)) return { init: starts[op]![0]! };
    const init = Object.hasOwn(starts, op) ? starts[op]?.[place - 1] : undefined;
    if (init !== undefined && op !== "Add" && op !== "Mul") return { init, ...fansIn(op, shape) };
  }
  return { init: isVector(shape) ? "zeros" : "glorot-uniform" };
}

/** Where weights do not begin with what they put out: [in, out, ...] and [directions, out, in]. */
function fansIn(op: string, shape: readonly number[]): Pick<Start, "fans"> {
  const [first = 1, second = 1, ...rest] = shape;
  const taps = elementCount(rest);
  if (op === "ConvTranspose" && shape.length > 2)
    return { fans: { in: first * taps, out: second * taps } };
  return shape.length === 3 && recurrent.includes(op) ? { fans: { in: taps, out: second } } : {};
}

/** But for axes of one element, of one axis: 1 x 8 x 1 is one. */
function isVector(shape: readonly number[]): boolean {
  return shape.filter((size) => size > 1).length <= 1;
}
