import { describe, expect, test } from "vitest";
import { evaluate, graphBuilder, type NDArray, numbersOf, type PlainAttributes } from "../index.ts";
import { type Case, compareKernels, f32, i32 } from "./kernels.fixture.ts";
import { recurrent } from "./recurrent.ts";

const [length, batch, input, hidden] = [3, 2, 3, 2];
const gatesOf = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Recurrent = keyof typeof gatesOf;

/** Numbers about 0 that all differ. */
const filled = (shape: readonly number[], seed: number): NDArray =>
  f32(
    shape,
    Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) =>
      Math.fround(0.9 * Math.sin(seed + 1.7 * i)),
    ),
  );

function inputsOf(op: Recurrent, directions: number) {
  const rows = gatesOf[op] * hidden;
  return {
    x: filled([length, batch, input], 1),
    w: filled([directions, rows, input], 2),
    r: filled([directions, rows, hidden], 3),
    b: filled([directions, 2 * rows], 4),
    lengths: i32([batch], [2, 3]),
    h: filled([directions, batch, hidden], 5),
    c: filled([directions, batch, hidden], 6),
    p: filled([directions, 3 * hidden], 7),
  };
}

function caseOf(
  op: Recurrent,
  attributes: PlainAttributes,
  use: readonly ("b" | "lengths" | "h" | "c" | "p")[] = [],
): Case {
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const given = inputsOf(op, directions);
  const optional = (["b", "lengths", "h", "c", "p"] as const).map((name) =>
    use.includes(name) ? given[name] : undefined,
  );
  const inputs = [given.x, given.w, given.r, ...optional.slice(0, op === "LSTM" ? 5 : 3)];
  const outputs = op === "LSTM" ? 3 : 2;
  return { op, inputs, attributes: { hidden_size: hidden, ...attributes }, outputs };
}

const directions = ["forward", "reverse", "bidirectional"];
const others = ["Relu", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid"];
const more = ["Elu", "Softsign", "Softplus"];

compareKernels(recurrent, [
  ...(["RNN", "GRU", "LSTM"] as const).flatMap((op) => [
    ...directions.map((direction) => caseOf(op, { direction })),
    ...directions.map((direction) => caseOf(op, { direction }, ["b", "h", "c"])),
    ...directions.map((direction) => caseOf(op, { direction }, ["b", "lengths", "h", "c"])),
    caseOf(op, { clip: 0.25 }, ["b", "h", "c"]),
  ]),
  ...[...others, ...more].map((name) => caseOf("RNN", { activations: [name] }, ["b"])),
  ...others.map((name) =>
    caseOf("RNN", { activations: [name], activation_alpha: [0.4], activation_beta: [0.6] }, ["b"]),
  ),
  caseOf("GRU", { linear_before_reset: 1 }, ["b", "h"]),
  caseOf("GRU", { linear_before_reset: 1, direction: "bidirectional" }, ["b", "h", "lengths"]),
  caseOf("GRU", { activations: ["HardSigmoid", "Softsign"] }, ["b", "h"]),
  caseOf("LSTM", {}, ["b", "h", "c", "p"]),
  caseOf("LSTM", { direction: "bidirectional" }, ["b", "h", "c", "p", "lengths"]),
  caseOf("LSTM", { input_forget: 1 }, ["b", "h", "c"]),
  caseOf("LSTM", { input_forget: 1, clip: 0.5 }, ["b", "h", "c", "p"]),
  caseOf("LSTM", {
    direction: "bidirectional",
    activations: ["Sigmoid", "LeakyRelu", "Tanh", "HardSigmoid", "Affine", "Elu"],
    activation_alpha: [0.3, 0.25, 0.5, 0.8],
    activation_beta: [0.4, 0.1],
  }),
]);

describe("layout 1", () => {
  // onnxruntime has no kernel for it.
  test.each(["RNN", "GRU", "LSTM"] as const)(
    "%s is layout 0 with its axes in another order",
    (op) => {
      const given = inputsOf(op, 2);
      const outputs = op === "LSTM" ? 3 : 2;
      const states = op === "LSTM" ? [given.h, given.c] : [given.h];
      const run = (layout: number) => {
        const g = graphBuilder("layer");
        const data = g.input("x", "FP32", given.x.shape);
        const x = layout === 1 ? g.transpose(data, [1, 0, 2]) : data;
        const weights = [given.w, given.r, given.b].map((value, i) =>
          g.input(`w${i}`, "FP32", value.shape),
        );
        const initial = states.map((value, i) => {
          const state = g.input(`s${i}`, "FP32", value.shape);
          return layout === 1 ? g.transpose(state, [1, 0, 2]) : state;
        });
        const attributes = { layout, direction: "bidirectional", hidden_size: hidden };
        const y = g.node(op, [x, ...weights, undefined, ...initial], attributes, { outputs });
        for (const [i, value] of y.entries()) {
          const perm = value.shape!.length === 4 ? [1, 2, 0, 3] : [1, 0, 2];
          g.output(`y${i}`, layout === 1 ? g.transpose(value, perm) : value);
        }
        const feeds = Object.fromEntries([
          ["x", given.x] as const,
          ...[given.w, given.r, given.b].map((value, i) => [`w${i}`, value] as const),
          ...states.map((value, i) => [`s${i}`, value] as const),
        ]);
        return evaluate(g.build(), feeds);
      };
      const [plain, turned] = [run(0), run(1)];
      for (const name of Object.keys(plain)) {
        expect(turned[name]!.shape).toEqual(plain[name]!.shape);
        expect([...numbersOf(turned[name]!)]).toEqual([...numbersOf(plain[name]!)]);
      }
    },
  );
});

describe("refuses", () => {
  test.each([
    [
      "sizes that disagree",
      [
        [3, 2, 4],
        [1, 8, 3],
        [1, 8, 2],
      ],
      {},
      /a size is 3 on one side and 4 on the other/,
    ],
    [
      "an unknown direction",
      [
        [3, 2, 3],
        [1, 8, 3],
        [1, 8, 2],
      ],
      { direction: "up" },
      /"up"/,
    ],
    [
      "an unknown activation",
      [
        [3, 2, 3],
        [1, 8, 3],
        [1, 8, 2],
      ],
      { activations: ["Sin", "Tanh", "Tanh"] },
      /"Sin"/,
    ],
  ] as const)("%s", (_, shapes, attributes, message) => {
    const b = graphBuilder("layer");
    const x = shapes.map((shape, i) => b.input(`x${i}`, "FP32", shape));
    expect(() => b.node("LSTM", x, attributes, { outputs: 1 })).toThrow(message);
  });
});
