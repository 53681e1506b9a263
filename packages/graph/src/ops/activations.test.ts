import { activations } from "./activations.ts";
import { a, type Case, compareKernels, each, f32 } from "./kernels.fixture.ts";

const far = f32([2, 5], [-100, -3, -2.5, -0.5, 0, 1e-3, 0.5, 1.5, 3, 100]);
const float = (value: number) => ({ kind: "float" as const, value });

const plain = Object.keys(activations).filter((op) => op !== "PRelu");

compareKernels(activations, [
  ...each(plain, a),
  ...each(plain, far),
  ...["LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid"].map(
    (op): Case => ({ op, inputs: [far], attributes: { alpha: float(0.75) } }),
  ),
  { op: "HardSigmoid", inputs: [far], attributes: { alpha: float(0.5), beta: float(-0.25) } },
  { op: "Selu", inputs: [far], attributes: { alpha: float(2), gamma: float(3) } },
  { op: "Shrink", inputs: [far], attributes: { lambd: float(1.25), bias: float(0.5) } },
  { op: "Gelu", inputs: [far], attributes: { approximate: "tanh" } },
  { op: "PRelu", inputs: [a, f32([3], [0.5, -1, 2])] },
  { op: "PRelu", inputs: [a, f32([2, 1], [0.5, -1])] },
  { op: "PRelu", inputs: [a, f32([1], [0.25])] },
]);
