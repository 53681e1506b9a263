import { elementwise } from "./elementwise.ts";
import { a, b, compareKernels, divisor, each, i64, positive, whole } from "./kernels.fixture.ts";

compareKernels(elementwise, [
  ...each(["Add", "Sub", "Mul", "Div"], a, b),
  ...each(["Add", "Sub", "Mul", "Div"], whole, divisor),
  ...each(["Pow"], positive, b),
  { op: "Pow", inputs: [a, i64([], [3])] },
  ...each(["Neg", "Abs", "Sign", "Relu", "Exp", "Tanh", "Sigmoid"], a),
  ...each(["Neg", "Abs", "Sign"], whole),
  ...each(["Log", "Sqrt"], positive),
]);
