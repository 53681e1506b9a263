/** Activation functions: bends of one number at a time that networks put between their layers. */
import { misfit } from "../misfit.ts";
import { broadcastTo } from "../ndarray.ts";
import {
  type AttributeSpec,
  type AttributeSpecs,
  type AttributesOf,
  fallback,
  operator,
} from "../operator.ts";
import { broadcastShapes, mergeShapes, printShape } from "../shape.ts";
import { mapNumbers, unary, zip } from "./elementwise.ts";
import { erf } from "./erf.ts";
import { wantFloat, wantNumeric, wantSame } from "./type-classes.ts";

/** A function with constants of its own. */
function bend<A extends AttributeSpecs>(
  attributes: A,
  compute: (x: number, constants: AttributesOf<A>) => number,
) {
  return operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes,
    infer({ x: [x] }) {
      wantFloat("X", x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes }) => [mapNumbers(x, (value) => compute(value, attributes))],
  });
}

/** Rounded as an attribute of a file would be. */
const float = (value: number): AttributeSpec<"float", number> =>
  fallback("float", Math.fround(value));

const exponential = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));

/** log(1 + e^x), which neither overflows nor loses what is small. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const hardSigmoid = (x: number, alpha: number, beta: number): number =>
  Math.max(0, Math.min(1, alpha * x + beta));

/** x Φ(x), with the normal distribution function itself or the usual approximation of it. */
function gelu(x: number, approximate: string): number {
  if (approximate === "none") return 0.5 * x * (1 + erf(x / Math.SQRT2));
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

export const activations = {
  LeakyRelu: bend({ alpha: float(0.01) }, (x, { alpha }) => (x < 0 ? alpha * x : x)),
  Elu: bend({ alpha: float(1) }, (x, { alpha }) => exponential(x, alpha)),
  Selu: bend(
    { alpha: float(1.673263192), gamma: float(1.050701022) },
    (x, { alpha, gamma }) => gamma * exponential(x, alpha),
  ),
  Celu: bend({ alpha: float(1) }, (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x / alpha))),
  ThresholdedRelu: bend({ alpha: float(1) }, (x, { alpha }) => (x > alpha ? x : 0)),
  HardSigmoid: bend({ alpha: float(0.2), beta: float(0.5) }, (x, { alpha, beta }) =>
    hardSigmoid(x, alpha, beta),
  ),
  Shrink: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { lambd: float(0.5), bias: float(0) },
    infer({ x: [x] }) {
      wantNumeric("input", x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes: { lambd, bias } }) => [
      mapNumbers(x, (value) => {
        if (value < -lambd) return value + bias;
        return value > lambd ? value - bias : 0;
      }),
    ],
  }),
  Gelu: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { approximate: fallback("string", "none") },
    infer({ x: [x], attributes: { approximate } }) {
      wantFloat("X", x);
      if (approximate !== "none" && approximate !== "tanh")
        misfit(`there is no approximation "${approximate}", only none and tanh`);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes: { approximate } }) => [
      mapNumbers(x, (value) => gelu(value, approximate)),
    ],
  }),
  Softplus: unary(softplus, wantFloat),
  Softsign: unary((x) => x / (1 + Math.abs(x)), wantFloat),
  HardSwish: unary((x) => x * hardSigmoid(x, 1 / 6, 0.5), wantFloat),
  Mish: unary((x) => x * Math.tanh(softplus(x)), wantFloat),

  // The slope is stretched to the input, never the other way.
  PRelu: operator({
    inputs: ["X", "slope"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x, slope] }) {
      wantNumeric("X", x);
      wantSame(x, slope);
      const shape = broadcastShapes(x.shape, slope.shape);
      if (x.shape && shape && shape.length > x.shape.length)
        misfit(`the slope ${printShape(slope.shape)} has more axes than ${printShape(x.shape)}`);
      return [{ type: x.type, shape: x.shape && mergeShapes(x.shape, shape) }];
    },
    evaluate({ x: [x, slope] }) {
      const stretched = broadcastTo(slope, x.shape);
      return [zip(x, stretched, x.shape, x.type, (a, s) => (a < 0 ? s * a : a))];
    },
  }),
};
