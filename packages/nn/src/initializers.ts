/**
 * The values that a parameter starts from.
 *
 * Each is a function of the parameter's key and the place of the element, or, for an orthogonal matrix, of the key
 * alone. Sums, products, quotients and square roots only, in a fixed order, so that no engine may choose a last bit.
 */
import { inverseNormal, type Key, normal, uniform } from "@amaas/random";
import { elementCount } from "@amaas/tensor";
import type { Fans, Initialization, Parameter } from "./network.ts";
import { orthogonalRows } from "./orthogonal.ts";

type Kind =
  | Exclude<Initialization, { readonly type: string }>
  | Extract<Initialization, { readonly type: string }>["type"];

interface Start {
  readonly shape: readonly number[];
  readonly fans: Fans;
  /** For those that are told their deviation. */
  readonly std: number;
  /** For those that are told all. */
  readonly values: Float32Array;
  readonly key: Key;
}

/** Fills what is all zeros. */
type Initializer = (target: Float32Array, start: Start) => void;

/** What lies below -2 deviations of a normal distribution. */
const below2 = 0.02275013194817921;

const initializers: { readonly [K in Kind]: Initializer } = {
  zeros: () => {},
  ones: (target) => target.fill(1),
  // Glorot and Bengio, 2010: the variance is 2 / (in + out).
  "glorot-uniform": (target, { fans, key }) =>
    fillUniform(target, Math.sqrt(6 / (fans.in + fans.out)), key),
  "glorot-normal": (target, { fans, key }) =>
    fillNormal(target, Math.sqrt(2 / (fans.in + fans.out)), key),
  // He and others, 2015: 2 / in, as ReLU cuts off half.
  "he-uniform": (target, { fans, key }) => fillUniform(target, Math.sqrt(6 / fans.in), key),
  "he-normal": (target, { fans, key }) => fillNormal(target, Math.sqrt(2 / fans.in), key),
  normal: (target, { std, key }) => fillNormal(target, std, key),
  // Of the distribution of that deviation, the part within two of it.
  "truncated-normal": (target, { std, key }) => {
    for (let index = 0; index < target.length; index++)
      target[index] = std * inverseNormal(below2 + (1 - 2 * below2) * uniform(key, index));
  },
  // Saxe and others, 2014: a matrix of shape[0] rows whose rows or columns, the fewer, are orthonormal.
  orthogonal: (target, { shape: [rows = 1, ...rest], key }) => {
    target.set(orthogonalRows(rows, elementCount(rest), key));
  },
  values: (target, { values }) => target.set(values),
};

const noValues = new Float32Array();

export function initialize(target: Float32Array, parameter: Parameter, key: Key): void {
  const { init, shape, fans = fansOf(shape) } = parameter;
  const told = typeof init === "string" ? { type: init } : init;
  const std = "std" in told ? told.std : 0;
  const values = "values" in told ? told.values : noValues;
  initializers[told.type](target, { shape, fans, std, values, key });
}

/** Of a matrix [in, out], or of the weights of a convolution, [out, in, …]. */
function fansOf(shape: readonly number[]): Fans {
  if (shape.length <= 2) return { in: shape[0] ?? 1, out: shape[1] ?? 1 };
  const [out = 1, into = 1, ...window] = shape;
  const taps = elementCount(window);
  return { in: into * taps, out: out * taps };
}

/** From -limit to limit. */
function fillUniform(target: Float32Array, limit: number, key: Key): void {
  for (let index = 0; index < target.length; index++)
    target[index] = limit * (2 * uniform(key, index) - 1);
}

function fillNormal(target: Float32Array, std: number, key: Key): void {
  for (let index = 0; index < target.length; index++) target[index] = std * normal(key, index);
}
