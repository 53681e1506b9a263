/** Operators on the bits of integers. */
import type { DataType } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { operator, required } from "../operator.ts";
import { broadcastShapes, staticShape, type ValueType } from "../shape.ts";
import { wrapInteger } from "./cast.ts";
import { mapNumbers, zip } from "./elementwise.ts";
import { isFloat, wantNumeric, wantSame } from "./type-classes.ts";

function wantInteger(name: string, x: ValueType): void {
  wantNumeric(name, x);
  if (isFloat(x.type)) misfit(`${name} is ${x.type}, an integer type is wanted`);
}

const unsigned: ReadonlySet<DataType> = new Set(["UINT8", "UINT16", "UINT32", "UINT64"]);

// As whole numbers of any length: what is shifted out at the left is cut off by the width of the type.
const shifts: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  LEFT: (a, b) => a << b,
  RIGHT: (a, b) => a >> b,
};

function bits(compute: (a: bigint, b: bigint) => bigint) {
  return operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: {},
    infer({ x: [a, b] }) {
      wantInteger("A", a);
      wantSame(a, b);
      return [{ type: a.type, shape: broadcastShapes(a.shape, b.shape) }];
    },
    evaluate: ({ x: [a, b], y: [y] }) => [zip(a, b, staticShape(y), a.type, inBits(compute))],
  });
}

function inBits(compute: (a: bigint, b: bigint) => bigint) {
  return (a: number, b: number, type: DataType): number =>
    wrapInteger(compute(BigInt(a), BigInt(b)), type);
}

export const bitwise = {
  BitShift: operator({
    inputs: ["X", "Y"],
    outputs: ["Z"],
    attributes: { direction: required("string") },
    infer({ x: [x, y], attributes: { direction } }) {
      if (!unsigned.has(x.type)) misfit(`X is ${x.type}, an unsigned integer type is wanted`);
      wantSame(x, y);
      if (!Object.hasOwn(shifts, direction)) misfit(`there is no direction "${direction}"`);
      return [{ type: x.type, shape: broadcastShapes(x.shape, y.shape) }];
    },
    evaluate: ({ x: [x, y], attributes: { direction }, y: [z] }) => [
      zip(x, y, staticShape(z), x.type, inBits(shifts[direction]!)),
    ],
  }),
  BitwiseAnd: bits((a, b) => a & b),
  BitwiseOr: bits((a, b) => a | b),
  BitwiseXor: bits((a, b) => a ^ b),
  BitwiseNot: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x] }) {
      wantInteger("X", x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x] }) => [mapNumbers(x, (value) => wrapInteger(~BigInt(value), x.type))],
  }),
};
