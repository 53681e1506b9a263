/** Determinants of square matrices. */
import { misfit } from "../misfit.ts";
import { generate, numbersOf } from "../ndarray.ts";
import { operator } from "../operator.ts";
import { mergeDimensions, printShape, staticShape } from "../shape.ts";
import { wantFloat } from "./type-classes.ts";

/** By elimination, each time with the largest element that is left in the column. Overwrites the rows. */
function determinant(rows: readonly Float64Array[]): number {
  const left = [...rows];
  let product = 1;
  for (let column = 0; column < rows.length; column++) {
    const size = (row: number) => Math.abs(left[row]![column]!);
    let best = column;
    for (let row = column + 1; row < left.length; row++) if (size(row) > size(best)) best = row;
    const pivot = left[best]!;
    if (best !== column) {
      left[best] = left[column]!;
      left[column] = pivot;
      product = -product;
    }
    product *= pivot[column]!;
    if (pivot[column] === 0) return 0;
    for (const row of left.slice(column + 1)) {
      const factor = row[column]! / pivot[column]!;
      for (let at = column; at < row.length; at++) row[at]! -= factor * pivot[at]!;
    }
  }
  return product;
}

export const determinants = {
  Det: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x] }) {
      wantFloat("X", x);
      if (!x.shape) return [{ type: x.type, shape: undefined }];
      if (x.shape.length < 2) misfit(`X is ${printShape(x.shape)}, square matrices are wanted`);
      mergeDimensions(x.shape.at(-2)!, x.shape.at(-1)!);
      return [{ type: x.type, shape: x.shape.slice(0, -2) }];
    },
    evaluate({ x: [x], y: [y] }) {
      const data = numbersOf(x).slice();
      const size = x.shape.at(-1)!;
      return [
        generate(x.type, staticShape(y), (matrix) =>
          determinant(
            Array.from({ length: size }, (_, row) => {
              const start = (matrix * size + row) * size;
              return data.subarray(start, start + size);
            }),
          ),
        ),
      ];
    },
  }),
};
