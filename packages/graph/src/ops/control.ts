/** Operators that hold graphs: a choice between two, and two ways to run one again and again. */
import type { Dimension, Graph, Shape } from "../graph.ts";
import type { Known } from "../infer.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { operator, optional, required } from "../operator.ts";
import { axisOf, mergeDimensions, mergeShapes, unknownDimension } from "../shape.ts";
import { Stack, sliceAt } from "./sequence-axis.ts";
import { want } from "./type-classes.ts";

/** What holds whichever of two values it is. */
function either(a: Known, b: Known): Known {
  if (a.type && b.type && a.type !== b.type) misfit(`it is ${a.type} here and ${b.type} there`);
  return { type: a.type ?? b.type, shape: eitherShape(a.shape, b.shape) };
}

function eitherShape(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((size, axis) => (size === b[axis] ? size : unknownDimension));
}

function wantOutputs(named: number, made: number): void {
  if (named > made) misfit(`${named} outputs are named, the body makes ${made}`);
}

function wantInputs(body: Graph, given: number): void {
  if (body.inputs.length !== given)
    misfit(`the body takes ${body.inputs.length} inputs, not ${given}`);
}

function wantCarried(body: Graph, wanted: number): void {
  if (body.outputs.length < wanted)
    misfit(`the body has ${body.outputs.length} outputs, at least ${wanted} are wanted`);
}

/** Without the content, which may be another in each iteration. */
const typeOnly = ({ type, shape }: Known): Known => ({ type, shape });

const sameShape = (a: Known, b: Known): boolean => String(a.shape) === String(b.shape);

/**
 * What holds of carried values in every iteration. Where one takes other sizes on the way, its sizes are not
 * known; where that changes yet others, nothing but the types is.
 */
function settle(
  initial: readonly Known[],
  step: (carried: readonly Known[]) => readonly Known[],
): { readonly carried: readonly Known[]; readonly made: readonly Known[] } {
  let carried = initial.map(typeOnly);
  for (let pass = 0; ; pass++) {
    const made = step(carried);
    const next = carried.map((value, index) => either(value, made[index]!));
    if (pass === 2 || next.every((value, index) => sameShape(value, carried[index]!)))
      return { carried: next, made };
    carried = pass === 0 ? next : next.map(({ type }) => ({ type, shape: undefined }));
  }
}

/** The shapes of stacked values: the number of iterations at an axis that counts in the rank they have then. */
function stacked(value: Known, axis: number, length: Dimension): Known {
  const { type, shape } = value;
  return { type, shape: shape?.toSpliced(axisOf(axis, shape.length + 1), 0, length) };
}

/** The shape of one of the parts that were stacked where there is none: sizes not known are 0. */
function emptyPart(y: Known | undefined, axis: number): Pick<NDArray, "type" | "shape"> {
  const shape = (y?.shape ?? [0]).map((size) => (typeof size === "number" ? size : 0));
  return { type: y?.type ?? misfit("its type is not known"), shape: shape.toSpliced(axis, 1) };
}

const isTrue = (x: NDArray): boolean => numbersOf(x)[0] === 1;

/** The attributes of Scan that hold one number for each sequence; all 0, unless they are given. */
function perSequence(
  name: string,
  given: readonly number[] | undefined,
  count: number,
): readonly number[] {
  if (!given) return new Array<number>(count).fill(0);
  if (given.length !== count) misfit(`${name} has ${given.length} entries, ${count} are wanted`);
  return given;
}

interface ScanAttributes {
  readonly body: Graph;
  readonly num_scan_inputs: number;
  readonly scan_input_axes: readonly number[] | undefined;
  readonly scan_input_directions: readonly number[] | undefined;
  readonly scan_output_axes: readonly number[] | undefined;
  readonly scan_output_directions: readonly number[] | undefined;
}

/** How the inputs and outputs of a Scan are meant, with the defaults filled in. */
export function scanLayout(attributes: ScanAttributes, inputs: number) {
  const { body, num_scan_inputs: sequences } = attributes;
  const states = inputs - sequences;
  if (sequences < 1 || states < 0)
    misfit(`num_scan_inputs is ${sequences}, but ${inputs} inputs are given`);
  wantInputs(body, inputs);
  wantCarried(body, states);
  const outputs = body.outputs.length - states;
  return {
    states,
    inputAxes: perSequence("scan_input_axes", attributes.scan_input_axes, sequences),
    inputDirections: perSequence(
      "scan_input_directions",
      attributes.scan_input_directions,
      sequences,
    ),
    outputAxes: perSequence("scan_output_axes", attributes.scan_output_axes, outputs),
    outputDirections: perSequence(
      "scan_output_directions",
      attributes.scan_output_directions,
      outputs,
    ),
  };
}

export const control = {
  If: operator({
    inputs: ["cond"],
    outputs: ["...outputs"],
    attributes: { then_branch: required("graph"), else_branch: required("graph") },
    infer({ x: [cond], attributes, outputs, inside }) {
      want("BOOL", "cond", cond);
      const { then_branch: then, else_branch: otherwise } = attributes;
      for (const branch of [then, otherwise]) wantInputs(branch, 0);
      if (then.outputs.length !== otherwise.outputs.length)
        misfit(`the branches have ${then.outputs.length} and ${otherwise.outputs.length} outputs`);
      wantOutputs(outputs, then.outputs.length);
      const [left, right] = [inside(then, []), inside(otherwise, [])];
      return left.map((value, index) => either(value, right[index]!));
    },
    evaluate: ({ x: [cond], attributes: { then_branch, else_branch }, run }) =>
      run(isTrue(cond) ? then_branch : else_branch, []),
  }),

  /** At most M times, as long as the condition holds; without a condition, that of the body is not looked at. */
  Loop: operator({
    inputs: ["M?", "cond?", "...v_initial"],
    outputs: ["...v_final_and_scan_outputs"],
    attributes: { body: required("graph") },
    infer({ x: [trips, cond, ...initial], attributes: { body }, outputs, inside }) {
      if (trips) want("INT64", "M", trips);
      if (cond) want("BOOL", "cond", cond);
      wantInputs(body, initial.length + 2);
      wantCarried(body, initial.length + 1);
      wantOutputs(outputs, body.outputs.length - 1);
      const iteration: Known = { type: "INT64", shape: [] };
      const going: Known = { type: "BOOL", shape: [] };
      const { carried, made } = settle(initial, (values) =>
        inside(body, [iteration, going, ...values]).slice(1),
      );
      const lists = made.slice(initial.length);
      return [...carried, ...lists.map((value) => stacked(value, 0, unknownDimension))];
    },
    evaluate({ x: [trips, cond, ...initial], attributes: { body }, y, run }) {
      const most = trips ? numbersOf(trips)[0]! : Number.POSITIVE_INFINITY;
      const stacks = body.outputs.slice(initial.length + 1).map(() => new Stack());
      let going = cond ? isTrue(cond) : true;
      let carried: readonly NDArray[] = initial;
      for (let iteration = 0; iteration < most && going; iteration++) {
        const count = generate("INT64", [], () => iteration);
        const holds = generate("BOOL", [], () => Number(going));
        const [next, ...values] = run(body, [count, holds, ...carried]);
        carried = values.slice(0, initial.length);
        for (const [index, value] of values.slice(initial.length).entries())
          stacks[index]!.push(value);
        if (cond) going = isTrue(next!);
      }
      const lists = stacks.map((stack, index) =>
        stack.along(0, false, emptyPart(y[initial.length + index], 0)),
      );
      return [...carried, ...lists];
    },
  }),

  Scan: operator({
    inputs: ["...initial_state_and_scan_inputs"],
    outputs: ["...final_state_and_scan_outputs"],
    attributes: {
      body: required("graph"),
      num_scan_inputs: required("int"),
      scan_input_axes: optional("ints"),
      scan_input_directions: optional("ints"),
      scan_output_axes: optional("ints"),
      scan_output_directions: optional("ints"),
    },
    infer({ x, attributes, outputs, inside }) {
      const { body } = attributes;
      const { states, inputAxes, outputAxes } = scanLayout(attributes, x.length);
      wantOutputs(outputs, body.outputs.length);
      let length: Dimension = unknownDimension;
      const slices = x.slice(states).map(({ type, shape }, index): Known => {
        if (!shape) return { type, shape };
        const axis = axisOf(inputAxes[index]!, shape.length);
        length = mergeDimensions(length, shape[axis]!);
        return { type, shape: shape.toSpliced(axis, 1) };
      });
      const initial = x.slice(0, states).map(typeOnly);
      const made = inside(body, [...initial, ...slices]);
      const final = initial.map(({ type, shape }, index): Known => {
        const { type: madeType, shape: madeShape } = made[index]!;
        if (madeType && madeType !== type) misfit(`a state is ${type} first and ${madeType} later`);
        return { type, shape: mergeShapes(shape, madeShape) };
      });
      const lists = made.slice(states);
      return [...final, ...lists.map((value, index) => stacked(value, outputAxes[index]!, length))];
    },
    evaluate({ x, attributes, y, run }) {
      const { body } = attributes;
      const layout = scanLayout(attributes, x.length);
      const { states } = layout;
      const sequences = x.slice(states);
      const axes = sequences.map(({ shape }, i) => axisOf(layout.inputAxes[i]!, shape.length));
      const length = sequences[0]!.shape[axes[0]!]!;
      const stacks = body.outputs.slice(states).map(() => new Stack());
      let carried: readonly NDArray[] = x.slice(0, states);
      for (let step = 0; step < length; step++) {
        const slices = sequences.map((sequence, i) =>
          sliceAt(sequence, axes[i]!, layout.inputDirections[i] === 1 ? length - 1 - step : step),
        );
        const made = run(body, [...carried, ...slices]);
        carried = made.slice(0, states);
        for (const [index, value] of made.slice(states).entries()) stacks[index]!.push(value);
      }
      const lists = stacks.map((stack, index) => {
        const rank = body.outputs[states + index]!.shape.length + 1;
        const axis = axisOf(layout.outputAxes[index]!, rank);
        const reverse = layout.outputDirections[index] === 1;
        return stack.along(axis, reverse, emptyPart(y[states + index], axis));
      });
      return [...carried, ...lists];
    },
  }),
};
