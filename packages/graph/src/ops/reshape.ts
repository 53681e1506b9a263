/** What Reshape's target means: 0 copies a size, -1 takes what is left, symbols cancel where they can. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { printShape, sizeOf, unknownDimension } from "../shape.ts";

export function reshapedShape(
  shape: Shape | undefined,
  target: Shape,
  allowZero: boolean,
): Shape | undefined {
  const copied = target.map((dimension, axis) =>
    dimension === 0 && !allowZero ? copiedSize(shape, axis) : dimension,
  );
  for (const dimension of copied)
    if (typeof dimension === "number" && dimension < -1)
      misfit(`the target ${printShape(target)} has the size ${dimension}`);
  const open = copied.indexOf(-1);
  if (open === -1) return filledIn(shape, checkedSize(shape, copied));
  if (copied.indexOf(-1, open + 1) !== -1)
    misfit(`the target ${printShape(target)} leaves more than one size open`);
  return copied.with(open, shape ? leftOver(shape, copied.toSpliced(open, 1)) : unknownDimension);
}

function copiedSize(shape: Shape | undefined, axis: number): Dimension {
  if (!shape) return unknownDimension;
  return (
    shape[axis] ??
    misfit(`the target copies axis ${axis}, which ${printShape(shape)} does not have`)
  );
}

function checkedSize(shape: Shape | undefined, target: Shape): Shape {
  const [from, to] = [sizeOf(shape), sizeOf(target)];
  if (from !== undefined && to !== undefined && from !== to)
    misfit(`${printShape(shape)} has ${from} elements and ${printShape(target)} has ${to}`);
  return target;
}

/** A single size that nothing is known of is what the others leave over. */
function filledIn(shape: Shape | undefined, target: Shape): Shape {
  const open = target.indexOf(unknownDimension);
  if (!shape || open === -1) return target;
  return target.with(open, leftOver(shape, target.toSpliced(open, 1)));
}

/** The size that makes `rest` hold as much as `shape`, when symbols on both sides cancel. */
function leftOver(shape: Shape, rest: Shape): Dimension {
  const symbols = shape.filter((dimension) => typeof dimension === "string");
  for (const dimension of rest) {
    if (typeof dimension === "number") continue;
    const found = dimension === unknownDimension ? -1 : symbols.indexOf(dimension);
    if (found === -1) return unknownDimension;
    symbols.splice(found, 1);
  }
  const [total, part] = [numbersIn(shape), numbersIn(rest)];
  if (part === 0) return unknownDimension;
  if (symbols.length === 0) {
    if (total % part !== 0) misfit(`${printShape(shape)} does not divide into ${printShape(rest)}`);
    return total / part;
  }
  return symbols.length === 1 && total === part ? symbols[0]! : unknownDimension;
}

function numbersIn(shape: Shape): number {
  return sizeOf(shape.filter((dimension) => typeof dimension === "number")) ?? 0;
}
