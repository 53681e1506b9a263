import { type NDArray, ndarray, type PlainAttributes } from "@amaas/graph";
import fc from "fast-check";
import { describe } from "vitest";
import type { Build, Case } from "../oracle.fixture.ts";
import { arrays, judge } from "./judge.fixture.ts";
import { recurrent } from "./recurrent.ts";

type Op = keyof typeof recurrent;

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;
const small = fc.integer({ min: 1, max: 2 });
const gentle = fc.integer({ min: -12, max: 12 }).map((n) => n / 16 + 1 / 64);

/** Smooth ones by name; alpha and beta are there for those that take them. */
const smooth = ["Tanh", "Sigmoid", "Affine", "ScaledTanh", "Softsign", "Softplus"];

/** Those that the engine has no kernel of float64 for. */
const onlySingle = ["Softsign", "Softplus"];

interface Form {
  readonly direction: string;
  readonly layout: number;
  readonly lengths: boolean;
  readonly bias: boolean;
  readonly initial: boolean;
  readonly peepholes: boolean;
  readonly single: boolean;
  readonly attributes: PlainAttributes;
}

const forms = (op: Op): fc.Arbitrary<Form> =>
  fc
    .record({
      direction: fc.constantFrom("forward", "reverse", "bidirectional"),
      layout: fc.constantFrom(0, 1),
      lengths: fc.boolean(),
      bias: fc.boolean(),
      initial: fc.boolean(),
      peepholes: fc.boolean(),
      flag: fc.constantFrom(0, 1),
      clip: fc.option(fc.constant(4.3), { nil: undefined }),
      named: fc.option(fc.array(fc.constantFrom(...smooth), { minLength: 6, maxLength: 6 }), {
        nil: undefined,
      }),
    })
    .map(({ flag, clip, named, ...form }) => {
      const count = { RNN: 1, GRU: 2, LSTM: 3 }[op] * (form.direction === "bidirectional" ? 2 : 1);
      const own = { RNN: {}, GRU: { linear_before_reset: flag }, LSTM: { input_forget: flag } }[op];
      const activations = named && {
        activations: named.slice(0, count),
        activation_alpha: new Array(count).fill(0.75),
        activation_beta: new Array(count).fill(0.5),
      };
      const single = activations?.activations.some((name) => onlySingle.includes(name)) ?? false;
      return { ...form, single, attributes: { ...own, ...activations, clip } };
    });

const cases = (op: Op): fc.Arbitrary<Case> =>
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), small, small, small, forms(op))
    .chain(([length, batch, input, hidden, form]) => {
      const directions = form.direction === "bidirectional" ? 2 : 1;
      const rows = gates[op] * hidden;
      const turn = ([a, b, ...rest]: readonly number[]) =>
        form.layout === 1 ? [b!, a!, ...rest] : [a!, b!, ...rest];
      const state = arrays(turn([directions, batch, hidden]), gentle);
      const inputs = fc.record({
        x: arrays(turn([length, batch, input]), gentle),
        w: arrays([directions, rows, input], gentle),
        r: arrays([directions, rows, hidden], gentle),
        b: arrays([directions, 2 * rows], gentle),
        lengths: fc
          .array(fc.integer({ min: 0, max: length }), { minLength: batch, maxLength: batch })
          .map((each) => ndarray("INT32", [batch], each)),
        h: state,
        c: state,
        p: arrays([directions, 3 * hidden], gentle),
      });
      return inputs.map((given) => caseOf(op, form, hidden, given));
    });

type Inputs = Record<"x" | "w" | "r" | "b" | "lengths" | "h" | "c" | "p", NDArray>;

function caseOf(op: Op, form: Form, hidden: number, given: Inputs): Case {
  const { direction, layout } = form;
  const longShort = op === "LSTM";
  const slots: readonly (NDArray | undefined)[] = [
    given.x,
    given.w,
    given.r,
    form.bias ? given.b : undefined,
    form.lengths ? given.lengths : undefined,
    form.initial ? given.h : undefined,
    form.initial && longShort ? given.c : undefined,
    form.peepholes && longShort ? given.p : undefined,
  ];
  const inputs = slots.filter((slot) => slot !== undefined);
  const attributes = { direction, layout, hidden_size: hidden, ...form.attributes };
  const build: Build = (g, x) => {
    const values = x.values();
    const all = slots.map((slot) => (slot ? values.next().value : undefined));
    const outputs = longShort ? 3 : 2;
    const made = g.node(op, longShort ? all : all.slice(0, 6), attributes, { outputs });
    return g.concat(
      made.map((value) => g.reshape(value, [-1])),
      0,
    );
  };
  return { build, inputs, ...(form.single && { engine: "FP32" }) };
}

judge(
  recurrent,
  { RNN: cases("RNN"), GRU: cases("GRU"), LSTM: cases("LSTM") },
  { runs: { differences: 20, second: 2, engine: 8 } },
);

// Most forms above are not the one that has a way back of its own, which also takes several steps together.
const plain: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 1, max: 19 }), small, small, small, forms("LSTM"))
  .chain(([length, batch, input, hidden, { direction, bias, initial }]) => {
    const directions = direction === "bidirectional" ? 2 : 1;
    const rows = gates.LSTM * hidden;
    const state = arrays([directions, batch, hidden], gentle);
    const inputs = fc.record({
      x: arrays([length, batch, input], gentle),
      w: arrays([directions, rows, input], gentle),
      r: arrays([directions, rows, hidden], gentle),
      b: arrays([directions, 2 * rows], gentle),
      lengths: fc.constant(ndarray("INT32", [batch], new Array(batch).fill(length))),
      h: state,
      c: state,
      p: arrays([directions, 3 * hidden], gentle),
    });
    const [lengths, peepholes, single] = [false, false, false];
    const form = { direction, layout: 0, lengths, bias, initial, peepholes, single };
    return inputs.map((given) => caseOf("LSTM", { ...form, attributes: {} }, hidden, given));
  });

describe("plain, of more steps", () => {
  judge(
    { LSTM: recurrent.LSTM },
    { LSTM: plain },
    { runs: { differences: 12, second: 2, engine: 8 } },
  );
});
