import type { GraphBuilder, NDArray, Op, Value } from "@amaas/graph";
import { ndarray, operators } from "@amaas/graph";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  array,
  type Build,
  type Case,
  expectGradients,
  expectSameOnEngine,
} from "./oracle.fixture.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

/** Numbers away from 0 and from each other's neighbourhood, where kinks would fool a difference. */
const away = fc.integer({ min: 1, max: 40 }).map((n) => n / 16 + 1 / 64);
const signed = fc.tuple(away, fc.boolean()).map(([n, minus]) => (minus ? -n : n));

const size = fc.integer({ min: 1, max: 3 });
const shapes = fc.array(
  fc.oneof({ weight: 12, arbitrary: size }, { weight: 1, arbitrary: fc.constant(0) }),
  {
    maxLength: 3,
  },
);

function arrays(
  shape: readonly number[],
  elements: fc.Arbitrary<number> = signed,
): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  return fc
    .array(elements, { minLength: count, maxLength: count })
    .map((data) => array(shape, data));
}

/** Arrays whose elements all differ by more than a difference step. */
function distinct(shape: readonly number[]): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  return fc
    .shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count })
    .map((order) =>
      array(
        shape,
        order.map((n) => n / 8 - 0.9),
      ),
    );
}

/** Two shapes that broadcast against each other: axes are left out in front or are 1. */
const broadcasting = shapes.chain((shape) => {
  const smaller = fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
    .map(([gone, flat]) => shape.slice(gone).map((n, axis) => (flat[axis] ? 1 : n)));
  return fc.tuple(smaller, smaller, fc.constant(shape));
});

function unary(apply: (g: GraphBuilder, x: Value) => Value, elements = signed) {
  const build: Build = (g, [x]) => apply(g, x!);
  return shapes
    .chain((shape) => arrays(shape, elements))
    .map((x): Case => ({ build, inputs: [x] }));
}

function binary(
  apply: (g: GraphBuilder, a: Value, b: Value) => Value,
  left = signed,
  right = signed,
) {
  const build: Build = (g, [a, b]) => apply(g, a!, b!);
  return broadcasting
    .chain(([a, b]) => fc.tuple(arrays(a, left), arrays(b, right)))
    .map(([a, b]): Case => ({ build, inputs: [a, b] }));
}

/** A condition that follows from an input, so that nothing but the operator itself is judged. */
const positive = (g: GraphBuilder, x: Value) => g.greater(x, g.scalar(0, x));

const matrices = fc.tuple(size, size, size);

const reducing = (shape: readonly number[]) =>
  fc.record({
    axes: fc.option(fc.subarray(shape.map((_, axis) => axis)), { nil: undefined }),
    negative: fc.boolean(),
    keepdims: fc.boolean(),
    noop: fc.boolean(),
  });

const full = fc.array(size, { maxLength: 3 });

function reduction(op: "ReduceSum" | "ReduceMean" | "ReduceMax", of = shapes) {
  return of.chain((shape) =>
    fc
      .tuple(distinct(shape), reducing(shape))
      .map(([x, { axes, negative, keepdims, noop }]): Case => {
        // Of empty tensors, onnxruntime 1.30 takes negative axes for others.
        const shift = negative && !shape.includes(0) ? shape.length : 0;
        const given = axes?.map((axis) => axis - shift);
        return {
          build: (g, [a]) =>
            g.node(op, given ? [a, g.ints(given)] : [a], {
              keepdims: Number(keepdims),
              noop_with_empty_axes: Number(noop),
            }),
          inputs: [x],
        };
      }),
  );
}

const ranked = fc.array(size, { minLength: 1, maxLength: 3 });

function alongAxis(apply: (g: GraphBuilder, x: Value, axis: number) => Value): fc.Arbitrary<Case> {
  return ranked.chain((shape) =>
    fc
      .tuple(distinct(shape), fc.integer({ min: -shape.length, max: shape.length - 1 }))
      .map(([x, axis]): Case => ({ build: (g, [a]) => apply(g, a!, axis), inputs: [x] })),
  );
}

function indices(shape: readonly number[], bound: number): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  return fc
    .array(fc.integer({ min: -bound, max: bound - 1 }), { minLength: count, maxLength: count })
    .map((data) => ndarray("INT64", shape, data));
}

const gathers = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }).chain((at) =>
      fc.tuple(arrays(shape), indices(at, shape[axis]!)).map(
        ([x, index]): Case => ({
          build: (g, [data, where]) => g.gather(data!, where!, axis),
          inputs: [x, index],
        }),
      ),
    ),
  ),
);

const elementGathers = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc
      .tuple(
        arrays(shape),
        size.chain((n) => indices(shape.with(axis, n), shape[axis]!)),
      )
      .map(
        ([x, index]): Case => ({
          build: (g, [data, where]) => g.gatherElements(data!, where!, axis),
          inputs: [x, index],
        }),
      ),
  ),
);

/** Reduction "none" leaves repeated indices undefined: here each is used once. */
const scatters = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) => {
    const order = fc.shuffledSubarray([...Array(shape[axis]).keys()], { minLength: 1 });
    return fc
      .tuple(order, fc.constantFrom("none" as const, "add" as const))
      .chain(([at, reduction]) => {
        const small = shape.with(axis, at.length);
        const inner = small.slice(axis + 1).reduce((product, n) => product * n, 1);
        const count = small.reduce((product, n) => product * n, 1);
        const repeated = Array.from(
          { length: count },
          (_, i) => at[Math.floor(i / inner) % at.length]!,
        );
        return fc.tuple(arrays(shape), arrays(small)).map(
          ([data, updates]): Case => ({
            build: (g, [d, where, u]) => g.scatterElements(d!, where!, u!, { axis, reduction }),
            inputs: [data, ndarray("INT64", small, repeated), updates],
          }),
        );
      });
  }),
);

const joins = ranked.chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.array(size, { minLength: 1, maxLength: 3 }), fc.boolean())
    .chain(([axis, sizes, negative]) =>
      fc.tuple(...sizes.map((n) => arrays(shape.with(axis, n)))).map(
        (inputs): Case => ({
          build: (g, x) => g.concat(x, negative ? axis - shape.length : axis),
          inputs,
        }),
      ),
    ),
);

/** Every operator with a slope, in as many forms as its attributes and shapes allow. */
const smooth: Partial<Record<Op, fc.Arbitrary<Case>>> = {
  Add: binary((g, a, b) => g.add(a, b)),
  Sub: binary((g, a, b) => g.sub(a, b)),
  Mul: binary((g, a, b) => g.mul(a, b)),
  Div: binary((g, a, b) => g.div(a, b)),
  Pow: binary(
    (g, a, b) => g.pow(a, b),
    away.filter((n) => n > 0.4),
  ),
  Neg: unary((g, x) => g.neg(x)),
  Abs: unary((g, x) => g.abs(x)),
  Exp: unary((g, x) => g.exp(x)),
  Log: unary((g, x) => g.log(x), away),
  Sqrt: unary((g, x) => g.sqrt(x), away),
  Tanh: unary((g, x) => g.tanh(x)),
  Sigmoid: unary((g, x) => g.sigmoid(x)),
  Relu: unary((g, x) => g.relu(x)),
  Identity: unary((g, x) => g.identity(x)),
  Cast: unary((g, x) => g.cast(g.cast(x, "FP32"), "FP64")).map((given) => ({
    ...given,
    engine: "FP32",
  })),
  Where: binary((g, a, b) => g.where(positive(g, g.mul(a, b)), a, b)),
  MatMul: matrices.chain(([m, k, n]) =>
    fc
      .tuple(
        fc.constantFrom<number[]>([m, k], [k], [2, m, k], [1, m, k], [2, 1, m, k]),
        fc.constantFrom<number[]>([k, n], [k], [2, k, n], [2, k, n], [3, k, n]),
      )
      .filter(([a, b]) => a.length < 3 || b.length < 3 || a.at(-3) === 1 || b.at(-3) === a.at(-3))
      .chain(([a, b]) => fc.tuple(arrays(a), arrays(b)))
      .map(([a, b]): Case => ({ build: (g, [x, y]) => g.matMul(x!, y!), inputs: [a, b] })),
  ),
  Gemm: matrices.chain(([m, k, n]) =>
    fc
      .record({
        transA: fc.constantFrom(0 as const, 1 as const),
        transB: fc.constantFrom(0 as const, 1 as const),
        alpha: fc.constantFrom(1, 0.5),
        beta: fc.constantFrom(1, -0.25),
        c: fc.constantFrom<number[] | undefined>(undefined, [], [n], [1, n], [m, 1], [m, n], [1]),
      })
      .chain(({ c, ...attributes }) =>
        fc
          .tuple(
            arrays(attributes.transA ? [k, m] : [m, k]),
            arrays(attributes.transB ? [n, k] : [k, n]),
            ...(c ? [arrays(c)] : []),
          )
          .map(
            (inputs): Case => ({
              build: (g, [a, b, bias]) => g.gemm(a!, b!, bias, attributes),
              inputs,
            }),
          ),
      ),
  ),
  ReduceSum: reduction("ReduceSum"),
  // The mean of nothing is undefined in ONNX, and there is no largest of nothing.
  ReduceMean: reduction("ReduceMean", full),
  ReduceMax: reduction("ReduceMax", full),
  Softmax: alongAxis((g, x, axis) => g.softmax(x, axis)),
  LogSoftmax: alongAxis((g, x, axis) => g.logSoftmax(x, axis)),
  Transpose: ranked.chain((shape) =>
    fc
      .tuple(
        arrays(shape),
        fc.option(
          fc.shuffledSubarray(
            shape.map((_, i) => i),
            { minLength: shape.length },
          ),
          {
            nil: undefined,
          },
        ),
      )
      .map(([x, perm]): Case => ({ build: (g, [a]) => g.transpose(a!, perm), inputs: [x] })),
  ),
  Reshape: ranked.chain((shape) =>
    arrays(shape).map(
      (x): Case => ({ build: (g, [a]) => g.reshape(a!, [1, -1, shape.at(-1)!]), inputs: [x] }),
    ),
  ),
  Squeeze: shapes.chain((shape) =>
    arrays([1, ...shape, 1]).map(
      (x): Case => ({ build: (g, [a]) => g.squeeze(a!, [0, -1]), inputs: [x] }),
    ),
  ),
  Unsqueeze: shapes.chain((shape) =>
    arrays(shape).map((x): Case => ({ build: (g, [a]) => g.unsqueeze(a!, [0, -1]), inputs: [x] })),
  ),
  Expand: broadcasting.chain(([small, , shape]) =>
    arrays(small).map((x): Case => ({ build: (g, [a]) => g.expand(a!, shape), inputs: [x] })),
  ),
  Gather: gathers,
  GatherElements: elementGathers,
  ScatterElements: scatters,
  OneHot: fc.tuple(indices([2, 3], 4), fc.constantFrom(0, 1, 2, -1), arrays([2])).map(
    ([index, axis, values]): Case => ({
      build: (g, [at, marks]) =>
        g.oneHot(
          at!,
          g.constant({ type: "INT64", shape: [], data: BigInt64Array.of(4n) }),
          marks!,
          axis,
        ),
      inputs: [index, values],
      engine: "FP32",
    }),
  ),
  Concat: joins,
  Split: ranked.chain((shape) =>
    fc.tuple(fc.nat(shape.length - 1), size, size, fc.boolean()).chain(([axis, a, b, both]) =>
      arrays(shape.with(axis, a + b)).map(
        (x): Case => ({
          build: (g, [whole]) => {
            const [first, second] = g.split(whole!, [a, b], axis);
            return both ? g.concat([g.tanh(second!), first!], axis) : second!;
          },
          inputs: [x],
        }),
      ),
    ),
  ),
};

/** Steps and constants: what is multiplied by one has that as its slope, and nothing flows through it. */
const flat: Partial<Record<Op, (g: GraphBuilder, x: Value) => Value>> = {
  Sign: (g, x) => g.sign(x),
  Greater: (g, x) => g.greater(x, g.scalar(0, x)),
  GreaterOrEqual: (g, x) => g.greaterOrEqual(x, g.scalar(0.3, x)),
  Less: (g, x) => g.less(x, g.scalar(0, x)),
  LessOrEqual: (g, x) => g.lessOrEqual(g.scalar(0.3, x), x),
  Equal: (g, x) => g.equal(g.sign(x), g.scalar(1, x)),
  And: (g, x) => g.and(positive(g, x), positive(g, x)),
  Or: (g, x) => g.or(positive(g, x), g.not(positive(g, x))),
  Not: (g, x) => g.not(positive(g, x)),
  IsNaN: (g, x) => g.isNaN(g.log(x)),
  ArgMax: (g, x) => g.argMax(x, -1),
  Shape: (g, x) => g.shape(x),
  Size: (g, x) => g.size(x),
  ConstantOfShape: (g, x) => g.node("ConstantOfShape", [g.shape(x)]),
  NonZero: (g, x) => g.nonZero(positive(g, x)),
};

test("every operator is judged", () => {
  const judged = [...Object.keys(smooth), ...Object.keys(flat)];
  expect(judged.sort()).toEqual(Object.keys(operators).sort());
});

describe.each(Object.entries(smooth))("%s", (_, cases) => {
  test("agrees with central differences", () => {
    fc.assert(
      fc.property(cases, (given) => expectGradients(given)),
      { numRuns: 40 },
    );
  });

  test("gives the same on the engine", async () => {
    await fc.assert(
      fc.asyncProperty(cases, (given) => expectSameOnEngine(given)),
      { numRuns: 5 },
    );
  });
});

describe.each(Object.entries(flat))("%s", (_, apply) => {
  const build: Build = (g, [x]) => {
    const steps = g.cast(apply(g, x!), "FP64");
    const sum = g.reduceSum(steps, undefined, { keepdims: false });
    return g.mul(x!, g.mul(sum, g.scalar(1 / 64, sum)));
  };
  const cases = ranked.chain(distinct).map((x): Case => ({ build, inputs: [x] }));

  test("lets no gradient through", () => {
    fc.assert(
      fc.property(cases, (given) => expectGradients(given)),
      { numRuns: 20 },
    );
  });
});
