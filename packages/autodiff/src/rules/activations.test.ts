import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { activations } from "./activations.ts";
import { arrays, judge, shapes, unary } from "./judge.fixture.ts";

/** onnxruntime has no float64 kernels for these. */
const single = (given: Case): Case => ({ ...given, engine: "FP32" });

/** With attributes as they are by default, and with others. */
function bend(op: string, ...given: readonly Readonly<Record<string, number | string>>[]) {
  return fc.constantFrom({}, ...given).chain((plain) => {
    const attributes = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name,
        typeof value === "number" ? { kind: "float" as const, value: Math.fround(value) } : value,
      ]),
    );
    return unary((g, x) => g.node(op, [x], attributes)).map(single);
  });
}

/** A slope for each element, for each of an axis, and for all. */
const prelus = shapes.chain((shape) => {
  const slopes = [shape, shape.map((size, axis) => (axis === 0 ? size : 1)), [1]];
  return fc
    .constantFrom(...slopes.filter((each) => each.length <= shape.length))
    .chain((slope) => fc.tuple(arrays(shape), arrays(slope)))
    .map(
      (inputs): Case => single({ build: (g, [x, slope]) => g.node("PRelu", [x, slope]), inputs }),
    );
});

judge(activations, {
  LeakyRelu: bend("LeakyRelu", { alpha: 0.3 }),
  Elu: bend("Elu", { alpha: 0.7 }),
  Selu: bend("Selu", { alpha: 0.7, gamma: 1.3 }),
  Celu: bend("Celu", { alpha: 0.7 }),
  ThresholdedRelu: bend("ThresholdedRelu", { alpha: 0.3 }),
  HardSigmoid: bend("HardSigmoid", { alpha: 0.7, beta: 0.21 }),
  Shrink: bend("Shrink", { lambd: 1.21, bias: 0.3 }),
  Gelu: bend("Gelu", { approximate: "tanh" }),
  Softplus: bend("Softplus"),
  Softsign: bend("Softsign"),
  HardSwish: bend("HardSwish"),
  Mish: bend("Mish"),
  PRelu: prelus,
});
