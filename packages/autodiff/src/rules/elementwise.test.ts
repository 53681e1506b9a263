import { type GraphBuilder, numbersOf, type Value } from "@amaas/graph";
import fc from "fast-check";
import { array, type Build, type Case } from "../oracle.fixture.ts";
import { elementwise } from "./elementwise.ts";
import {
  arrays,
  away,
  binary,
  broadcasting,
  distinct,
  judge,
  shapes,
  unary,
} from "./judge.fixture.ts";

/** Large enough for negative powers to keep their curvature within reach of differences. */
const bases = away.filter((n) => n > 0.4);

/** Exponents that are constants have rules of their own. */
const constantPowers = fc
  .constantFrom(-2, -1, -0.5, 0.5, 1, 1.5, 2, 3, 4)
  .chain((exponent) => unary((g, x) => g.pow(x, g.scalar(exponent, x)), bases));

/** A whole power of any number, written as an integer; of higher ones, rounding hides small slopes beside large ones. */
const wholePowers = fc
  .constantFrom(1, 2, 3, 4)
  .chain((exponent) => unary((g, x) => g.pow(x, g.scalar(exponent, "INT64"))));

const powers = binary((g, a, b) => g.pow(a, b), bases);

/** Up to four inputs, no two of which are equal anywhere: rows of one array of distinct numbers. */
function several(op: string): fc.Arbitrary<Case> {
  const build: Build = (g, x) => g.node(op, x);
  const apart = fc.tuple(shapes, fc.integer({ min: 1, max: 4 })).chain(([shape, count]) =>
    distinct([count, ...shape]).map((rows): Case => {
      const size = rows.data.length / count;
      const data = Array.from(numbersOf(rows));
      const inputs = Array.from({ length: count }, (_, row) =>
        array(shape, data.slice(row * size, (row + 1) * size)),
      );
      return { build, inputs };
    }),
  );
  const stretched = broadcasting.chain(([a, b]) =>
    fc.tuple(distinct(a), distinct(b)).map(([left, right]): Case => {
      const shifted = Array.from(numbersOf(right), (n) => n * 1.01 + 0.03);
      return { build, inputs: [left, array(b, shifted)] };
    }),
  );
  return fc.oneof(apart, stretched);
}

/** onnxruntime has no float64 kernel for some. */
const inSingle = (given: Case): Case => ({ ...given, engine: "FP32" });

/** Bounds between the steps of the elements, given or not, as inputs or as constants. */
const clips = fc
  .tuple(shapes.chain(distinct), fc.constantFrom("min", "max", "both", "crossed", "constant"))
  .map(([x, kind]): Case => {
    const [low, high] = kind === "crossed" ? [0.47, -0.31] : [-0.31, 0.47];
    const clip = (g: GraphBuilder, x: Value, min?: Value, max?: Value) =>
      g.node("Clip", [x, min, max]);
    const [min, max] = [array([], [low]), array([], [high])];
    if (kind === "min") return { build: (g, [x, min]) => clip(g, x!, min), inputs: [x, min] };
    if (kind === "max")
      return { build: (g, [x, max]) => clip(g, x!, undefined, max), inputs: [x, max] };
    if (kind === "constant")
      return { build: (g, [x]) => clip(g, x!, g.scalar(low, x!), g.scalar(high, x!)), inputs: [x] };
    return { build: (g, [x, min, max]) => clip(g, x!, min, max), inputs: [x, min, max] };
  });

/** Quotients stay between whole numbers, where the remainder jumps. */
const remainders = shapes
  .chain((shape) => {
    const quotients = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(1, -1))
      .map(([n, sign]) => sign * (n + 0.3));
    return fc.tuple(arrays(shape, quotients), arrays(shape));
  })
  .map(([quotient, divisor]): Case => {
    const divisors = numbersOf(divisor);
    const dividends = Array.from(numbersOf(quotient), (q, at) => q * divisors[at]!);
    return {
      build: (g, [a, b]) => g.node("Mod", [a, b], { fmod: 1 }),
      inputs: [array(quotient.shape, dividends), divisor],
    };
  });

judge(elementwise, {
  Add: binary((g, a, b) => g.add(a, b)),
  Sub: binary((g, a, b) => g.sub(a, b)),
  Mul: binary((g, a, b) => g.mul(a, b)),
  Div: binary((g, a, b) => g.div(a, b)),
  Mod: remainders,
  Pow: fc.oneof(powers, constantPowers, wholePowers),
  Sum: several("Sum"),
  Mean: several("Mean").map(inSingle),
  Min: several("Min"),
  Max: several("Max"),
  Neg: unary((g, x) => g.neg(x)),
  Abs: unary((g, x) => g.abs(x)),
  Sign: (g, x) => g.sign(x),
  Floor: (g, x) => g.node("Floor", [x]),
  Ceil: (g, x) => g.node("Ceil", [x]),
  Round: (g, x) => g.node("Round", [g.mul(x, g.scalar(3, x))]),
  Reciprocal: unary((g, x) => g.node("Reciprocal", [x])),
  Exp: unary((g, x) => g.exp(x)),
  Log: unary((g, x) => g.log(x), away),
  Sqrt: unary((g, x) => g.sqrt(x), away),
  Erf: unary((g, x) => g.node("Erf", [x])).map(inSingle),
  Tanh: unary((g, x) => g.tanh(x)),
  Sigmoid: unary((g, x) => g.sigmoid(x)),
  Relu: unary((g, x) => g.relu(x)),
  Clip: clips,
});
