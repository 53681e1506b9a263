/** The activations that recurrent operators can be given by name, with their numbers alpha and beta. */
import { misfit } from "../misfit.ts";

export interface Activation {
  readonly name: ActivationName;
  readonly alpha: number;
  readonly beta: number;
}

export type ActivationName = keyof typeof activations;

interface Description {
  /** Given where the function takes the number at all. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly compute: (x: number, alpha: number, beta: number) => number;
}

// Where the standard names no default of alpha and beta, it is 0, as in onnxruntime.
const activations = {
  Relu: { compute: (x) => Math.max(x, 0) },
  Tanh: { compute: Math.tanh },
  Sigmoid: { compute: (x) => 1 / (1 + Math.exp(-x)) },
  Affine: { alpha: 0, beta: 0, compute: (x, alpha, beta) => alpha * x + beta },
  LeakyRelu: { alpha: 0.01, compute: (x, alpha) => (x >= 0 ? x : alpha * x) },
  ThresholdedRelu: { alpha: 0, compute: (x, alpha) => (x > alpha ? x : 0) },
  ScaledTanh: { alpha: 0, beta: 0, compute: (x, alpha, beta) => alpha * Math.tanh(beta * x) },
  HardSigmoid: {
    alpha: 0.2,
    beta: 0.5,
    compute: (x, alpha, beta) => Math.min(1, Math.max(0, alpha * x + beta)),
  },
  Elu: { alpha: 1, compute: (x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x)) },
  Softsign: { compute: (x) => x / (1 + Math.abs(x)) },
  Softplus: { compute: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
} as const satisfies Record<string, Description>;

interface Given {
  readonly activations: readonly string[] | undefined;
  readonly activation_alpha: readonly number[] | undefined;
  readonly activation_beta: readonly number[] | undefined;
}

/**
 * The activations of each direction. The lists of numbers hold one for each function that takes it, in their order;
 * what is missing is taken from the function itself.
 */
export function activationsOf(
  given: Given,
  names: readonly ActivationName[],
  directions: number,
): readonly (readonly Activation[])[] {
  const wanted = given.activations ?? new Array(directions).fill(names).flat();
  if (wanted.length !== names.length * directions)
    misfit(`${wanted.length} activations are given, ${names.length * directions} are wanted`);
  const alphas = (given.activation_alpha ?? []).values();
  const betas = (given.activation_beta ?? []).values();
  const all = wanted.map((text): Activation => {
    const name = nameOf(text);
    const { alpha, beta }: Description = activations[name];
    return {
      name,
      alpha: alpha === undefined ? 0 : (alphas.next().value ?? alpha),
      beta: beta === undefined ? 0 : (betas.next().value ?? beta),
    };
  });
  return Array.from({ length: directions }, (_, direction) =>
    all.slice(direction * names.length, (direction + 1) * names.length),
  );
}

/** Engines do not tell capital letters from small ones here. */
function nameOf(text: string): ActivationName {
  const names = Object.keys(activations) as ActivationName[];
  const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
  return found ?? misfit(`there is no activation "${text}"; there are ${names.join(", ")}`);
}

export function activate({ name, alpha, beta }: Activation, x: number): number {
  return activations[name].compute(x, alpha, beta);
}
