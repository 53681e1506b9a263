/** How far the gradients of whole models may be from PyTorch's, and why where it is more than usual. */

interface Tolerance {
  /** Against PyTorch in float32, which rounds in another order. */
  readonly float32: number;
  readonly float64: number;
}

export const tolerances: Readonly<Record<string, Tolerance>> = {
  any: { float32: 1e-4, float64: 1e-4 },
  // Biases in front of batch normalization have no slope in truth: what both compute of theirs is rounding.
  "U-Net, TorchScript, train, dynamic batch": { float32: 2e-4, float64: 1e-4 },
};
