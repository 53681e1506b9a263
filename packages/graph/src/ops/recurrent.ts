/** Recurrent layers. The kernels go through one sequence of the batch at a time, in the equations of the standard. */
import { misfit } from "../misfit.ts";
import { type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { staticShape, type ValueType } from "../shape.ts";
import { activate, activationsOf } from "./recurrent-activations.ts";
import {
  directionsOf,
  type RecurrentSizes,
  recurrentAttributes,
  recurrentSizes,
  stateShape,
  stepsShape,
} from "./recurrent-layout.ts";

/** What one sequence carries from step to step; only LSTM has a cell. */
interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** One step of one sequence in one direction. */
interface Step extends State {
  /** W x + Wb and R h + Rb of a gate, by element; R is multiplied with another vector where one is given. */
  readonly input: (gate: number) => Float64Array;
  readonly recurrence: (gate: number, h?: Float64Array) => Float64Array;
  /** Peephole weights of a gate. */
  readonly peephole: (gate: number, element: number) => number;
  /** An activation of a clipped number. */
  readonly act: (index: number, x: number) => number;
  /** One of a number as it is. */
  readonly actFreely: (index: number, x: number) => number;
}

interface Call {
  readonly x: readonly (NDArray | undefined)[];
  readonly attributes: {
    readonly activations: readonly string[] | undefined;
    readonly activation_alpha: readonly number[] | undefined;
    readonly activation_beta: readonly number[] | undefined;
    readonly clip: number | undefined;
    readonly direction: string;
    readonly hidden_size: number | undefined;
    readonly layout: number;
  };
}

interface Cell {
  readonly gates: number;
  readonly activations: readonly ("Sigmoid" | "Tanh")[];
  readonly advance: (step: Step) => State;
}

/** Runs a cell over all sequences; returns every step, and the last states. */
function recur({ x, attributes }: Call, cell: Cell): readonly NDArray[] {
  const [data, w, r, b, lengths, initialH, initialC, peepholes] = x;
  const { layout, clip = Number.POSITIVE_INFINITY } = attributes;
  const sizes = recurrentSizes(x.slice(0, 7), attributes, cell.gates, peepholes);
  const { length, batch, input, hidden, directions } = numbers(sizes);
  const activations = activationsOf(attributes, cell.activations, directions);
  const rows = cell.gates * hidden;
  const [sequence, weights, recurrences] = [data!, w!, r!].map(numbersOf);
  const biases = b && numbersOf(b);
  const stepAt = (t: number, n: number) => (layout === 1 ? n * length + t : t * batch + n) * input;
  const stateAt = (d: number, n: number) =>
    (layout === 1 ? n * directions + d : d * batch + n) * hidden;
  const outAt = (t: number, d: number, n: number) =>
    (layout === 1 ? (n * length + t) * directions + d : (t * directions + d) * batch + n) * hidden;
  const take = (from: NDArray | undefined, at: number) =>
    from ? numbersOf(from).slice(at, at + hidden) : new Float64Array(hidden);
  const every = new Float64Array(length * directions * batch * hidden);
  const lastH = new Float64Array(directions * batch * hidden);
  const lastC = new Float64Array(directions * batch * hidden);

  for (const [d, reverse] of directionsOf(attributes.direction).entries())
    for (let n = 0; n < batch; n++) {
      const own = lengths ? numbersOf(lengths)[n]! : length;
      if (own < 0 || own > length) misfit(`a sequence of ${length} steps has the length ${own}`);
      let state: State = {
        h: take(initialH, stateAt(d, n)),
        c: take(initialC, stateAt(d, n)),
      };
      for (let count = 0; count < own; count++) {
        const t = reverse ? own - 1 - count : count;
        const from = stepAt(t, n);
        const gate = (
          matrix: Float64Array,
          vector: Float64Array,
          offset: number,
          bias: number,
          which: number,
        ) =>
          Float64Array.from({ length: hidden }, (_, element) => {
            const row = d * rows + which * hidden + element;
            let sum = biases ? biases[2 * d * rows + bias + which * hidden + element]! : 0;
            const width = matrix === weights ? input : hidden;
            for (let k = 0; k < width; k++) sum += matrix[row * width + k]! * vector[offset + k]!;
            return sum;
          });
        const { h } = state;
        state = cell.advance({
          ...state,
          input: (which) => gate(weights!, sequence!, from, 0, which),
          recurrence: (which, other = h) => gate(recurrences!, other, 0, rows, which),
          peephole: (which, element) =>
            peepholes ? numbersOf(peepholes)[(d * 3 + which) * hidden + element]! : 0,
          actFreely: (index, value) => activate(activations[d]![index]!, value),
          act: (index, value) =>
            activate(activations[d]![index]!, Math.min(clip, Math.max(-clip, value))),
        });
        every.set(state.h, outAt(t, d, n));
      }
      lastH.set(state.h, stateAt(d, n));
      lastC.set(state.c, stateAt(d, n));
    }
  const { type } = data!;
  const last = staticShape({ type, shape: stateShape(sizes, layout) });
  const steps = staticShape({ type, shape: stepsShape(sizes, layout) });
  return [
    { type, shape: steps, data: every },
    { type, shape: last, data: lastH },
    { type, shape: last, data: lastC },
  ];
}

function numbers(sizes: RecurrentSizes) {
  const { length, batch, input, hidden, directions } = sizes;
  const [t, n, i, h] = [length, batch, input, hidden].map(Number);
  return { length: t!, batch: n!, input: i!, hidden: h!, directions };
}

function outputsOf(
  x: ValueType,
  sizes: RecurrentSizes,
  layout: number,
): readonly [ValueType, ValueType] {
  const { type } = x;
  return [
    { type, shape: stepsShape(sizes, layout) },
    { type, shape: stateShape(sizes, layout) },
  ];
}

const each = (h: Float64Array, make: (element: number) => number): Float64Array =>
  h.map((_, element) => make(element));

// h' = f(W x + Wb + R h + Rb)
const simple: Cell = {
  gates: 1,
  activations: ["Tanh"],
  advance({ h, c, input, recurrence, act }) {
    const [wx, rh] = [input(0), recurrence(0)];
    return { h: each(h, (e) => act(0, wx[e]! + rh[e]!)), c };
  },
};

// z = f(..), r = f(..), h' = (1 - z) g(..) + z h, where r weighs h before the product with R or after it.
const gated = (linearBeforeReset: boolean): Cell => ({
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  advance({ h, c, input, recurrence, act }) {
    const [zx, rx, nx] = [input(0), input(1), input(2)];
    const [zh, rh] = [recurrence(0), recurrence(1)];
    const z = each(h, (e) => act(0, zx[e]! + zh[e]!));
    const r = each(h, (e) => act(0, rx[e]! + rh[e]!));
    const reset = linearBeforeReset
      ? recurrence(2).map((value, e) => r[e]! * value)
      : recurrence(
          2,
          each(h, (e) => r[e]! * h[e]!),
        );
    const next = each(h, (e) => (1 - z[e]!) * act(1, nx[e]! + reset[e]!) + z[e]! * h[e]!);
    return { h: next, c };
  },
});

// i, f = f(.. + P c), c' = f c + i g(..), o = f(.. + P c'), h' = o h(c'); the gates stand in the order i, o, f, c. What h
// is taken of is not clipped, as in onnxruntime.
const longShort = (coupled: boolean): Cell => ({
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  advance({ h, c, input, recurrence, peephole, act, actFreely }) {
    const gate = (which: number) => {
      const [wx, rh] = [input(which), recurrence(which)];
      return each(h, (e) => wx[e]! + rh[e]!);
    };
    const [a, o, b, n] = [gate(0), gate(1), gate(2), gate(3)];
    const i = each(h, (e) => act(0, a[e]! + peephole(0, e) * c[e]!));
    const f = coupled
      ? each(h, (e) => 1 - i[e]!)
      : each(h, (e) => act(0, b[e]! + peephole(2, e) * c[e]!));
    const next = each(h, (e) => f[e]! * c[e]! + i[e]! * act(1, n[e]!));
    const out = each(h, (e) => act(0, o[e]! + peephole(1, e) * next[e]!) * actFreely(2, next[e]!));
    return { h: out, c: next };
  },
});

export const recurrent = {
  RNN: operator({
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"],
    outputs: ["Y?", "Y_h?"],
    attributes: recurrentAttributes,
    infer({ x, attributes }) {
      activationsOf(attributes, simple.activations, directionsOf(attributes.direction).length);
      return outputsOf(x[0], recurrentSizes(x, attributes, 1), attributes.layout);
    },
    evaluate: (call) => recur(call, simple).slice(0, 2),
  }),

  GRU: operator({
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?"],
    outputs: ["Y?", "Y_h?"],
    attributes: { ...recurrentAttributes, linear_before_reset: fallback("int", 0) },
    infer({ x, attributes }) {
      const { activations } = gated(true);
      activationsOf(attributes, activations, directionsOf(attributes.direction).length);
      return outputsOf(x[0], recurrentSizes(x, attributes, 3), attributes.layout);
    },
    evaluate: (call) => recur(call, gated(call.attributes.linear_before_reset !== 0)).slice(0, 2),
  }),

  LSTM: operator({
    inputs: ["X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"],
    outputs: ["Y?", "Y_h?", "Y_c?"],
    attributes: { ...recurrentAttributes, input_forget: fallback("int", 0) },
    infer({ x, attributes }) {
      const { activations } = longShort(false);
      activationsOf(attributes, activations, directionsOf(attributes.direction).length);
      const sizes = recurrentSizes(x.slice(0, 7), attributes, 4, x[7]);
      const [steps, last] = outputsOf(x[0], sizes, attributes.layout);
      return [steps, last, last];
    },
    evaluate: (call) => recur(call, longShort(call.attributes.input_forget !== 0)),
  }),
};
