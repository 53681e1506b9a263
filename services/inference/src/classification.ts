/**
 * Triton's classification extension: in the place of an output its largest values, each as the text
 * `value:index`, or `value:index:label` where the class has a name, largest first. Where the model has a batch dimension every row has its own classes.
 */
import { elementCount, type Tensor, tensor } from "@amaas/tensor";
import { notClassifiable } from "./errors.ts";

/** @throws invalid-argument for an output that has no order: text, booleans, 16-bit floats. */
export function classify(
  name: string,
  output: Tensor,
  most: number,
  batched: boolean,
  labels: readonly string[] = [],
): Tensor {
  const { type, shape, data } = output;
  if (type === "BYTES" || type === "BOOL" || type === "FP16") throw notClassifiable(name, type);
  const values = data as ArrayLike<number | bigint>;
  const textOf = type === "FP32" || type === "FP64" ? floatText : String;
  const lead = batched ? shape.slice(0, 1) : [];
  const rows = elementCount(lead);
  const size = rows === 0 ? 0 : values.length / rows;
  const count = Math.min(most, size);
  const classes = new Array<string>(rows * count);
  for (let row = 0; row < rows; row++)
    for (const [rank, index] of largest(values, row * size, size, count).entries()) {
      const label = labels[index] ? `:${labels[index]}` : "";
      classes[row * count + rank] = `${textOf(values[row * size + index]!)}:${index}${label}`;
    }
  return tensor("BYTES", [...lead, count], classes);
}

/** The places of the largest of `size` values from `from` on; what is no number comes last. */
function largest(values: ArrayLike<number | bigint>, from: number, size: number, count: number) {
  const places = Uint32Array.from({ length: size }, (_, index) => index);
  places.sort((left, right) => {
    const [a, b] = [values[from + left]!, values[from + right]!];
    if (a > b) return -1;
    if (a < b) return 1;
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || left - right;
  });
  return places.subarray(0, count);
}

/** As C++ prints them, which is what Triton's clients are used to. */
function floatText(value: number | bigint): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Infinity || value === -Infinity) return value > 0 ? "inf" : "-inf";
  return Number(value).toFixed(6);
}
