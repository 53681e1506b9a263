/** Einsum: sums of products of elements, as an equation of letters says. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridedPositions, stridesOf } from "../ndarray.ts";
import { operator, required } from "../operator.ts";
import { broadcastShapes, staticShape } from "../shape.ts";
import { type Equation, explicitEquation } from "./equation.ts";
import { wantNumeric, wantSame } from "./type-classes.ts";

/** The size of each letter, which operands may stretch from 1. */
function sizesOf({ terms }: Equation, shapes: readonly Shape[]): ReadonlyMap<string, Dimension> {
  const sizes = new Map<string, Dimension>();
  for (const [index, letters] of terms.entries())
    for (const [axis, letter] of [...letters].entries()) {
      const size = shapes[index]![axis]!;
      const sofar = sizes.get(letter) ?? 1;
      sizes.set(letter, broadcastShapes([sofar], [size])![0]!);
    }
  return sizes;
}

/** How far a step along each letter goes in an operand; an axis of size 1 is stretched. */
function stepsOf(letters: string, x: NDArray, all: readonly string[]): readonly number[] {
  const strides = stridesOf(x.shape);
  return all.map((letter) =>
    [...letters].reduce(
      (step, own, axis) => (own === letter && x.shape[axis] !== 1 ? step + strides[axis]! : step),
      0,
    ),
  );
}

function contract(equation: Equation, x: readonly NDArray[], shape: readonly number[]): NDArray {
  const sizes = sizesOf(
    equation,
    x.map((operand) => operand.shape),
  );
  const summed = [...sizes.keys()].filter((letter) => !equation.output.includes(letter));
  const lengths = summed.map((letter) => Number(sizes.get(letter)));
  const walks = equation.terms.map((letters, index) => {
    const operand = x[index]!;
    return {
      data: numbersOf(operand),
      starts: stridedPositions(shape, stepsOf(letters, operand, [...equation.output])),
      steps: stridedPositions(lengths, stepsOf(letters, operand, summed)),
    };
  });
  const count = lengths.reduce((product, length) => product * length, 1);
  return generate(x[0]!.type, shape, (index) => {
    let sum = 0;
    for (let at = 0; at < count; at++) {
      let product = 1;
      for (const { data, starts, steps } of walks) product *= data[starts[index]! + steps[at]!]!;
      sum += product;
    }
    return sum;
  });
}

export const einsum = {
  Einsum: operator({
    inputs: ["...Inputs"],
    outputs: ["Output"],
    attributes: { equation: required("string") },
    infer({ x, attributes: { equation } }) {
      wantNumeric("the first operand", x[0]!);
      wantSame(...x);
      const shapes = x.map((operand) => operand.shape).filter((shape) => shape !== undefined);
      if (shapes.length < x.length) return [{ type: x[0]!.type, shape: undefined }];
      const meant = explicitEquation(
        equation,
        shapes.map((shape) => shape.length),
      );
      const sizes = sizesOf(meant, shapes);
      const shape = [...meant.output].map(
        (letter) => sizes.get(letter) ?? misfit(`nothing gives ${letter} a size`),
      );
      return [{ type: x[0]!.type, shape }];
    },
    evaluate({ x, attributes: { equation }, y: [y] }) {
      const meant = explicitEquation(
        equation,
        x.map((operand) => operand.shape.length),
      );
      return [contract(meant, x, staticShape(y))];
    },
  }),
};
