/**
 * Triton's classification extension: in the place of an output its largest values, each as the text
 * `value:index`, or `value:index:label` where the class has a name, largest first. Where the model has a
 * batch dimension every row has its own classes.
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
  const values = data as Values;
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

type Values = ArrayLike<number | bigint>;

/**
 * The places of the largest of `size` values from `from` on; what is no number comes last. An output may have millions,
 * of which few are asked for: those are kept in a heap with the last of them on top, which is sorted in the end.
 */
function largest(values: Values, from: number, size: number, count: number): Uint32Array {
  const comesBefore = (left: number, right: number): boolean => {
    const a = values[from + left]!;
    const b = values[from + right]!;
    if (a > b) return true;
    if (a < b) return false;
    const stray = Number.isNaN(a);
    return stray === Number.isNaN(b) ? left < right : !stray;
  };
  const places = new Uint32Array(count);
  for (let place = 0; place < count; place++) places[place] = place;
  for (let top = (count >> 1) - 1; top >= 0; top--) sink(places, top, count, comesBefore);
  for (let place = count; place < size && count > 0; place++)
    if (comesBefore(place, places[0]!)) {
      places[0] = place;
      sink(places, 0, count, comesBefore);
    }
  for (let end = count - 1; end > 0; end--) {
    const last = places[0]!;
    places[0] = places[end]!;
    places[end] = last;
    sink(places, 0, end, comesBefore);
  }
  return places;
}

/** What is at `top` goes down until none below it comes after it. */
function sink(
  heap: Uint32Array,
  top: number,
  end: number,
  comesBefore: (left: number, right: number) => boolean,
): void {
  const sinking = heap[top]!;
  let at = top;
  for (let below = 2 * at + 1; below < end; below = 2 * at + 1) {
    if (below + 1 < end && comesBefore(heap[below]!, heap[below + 1]!)) below++;
    if (comesBefore(heap[below]!, sinking)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = sinking;
}

/** As C++ prints them, which is what Triton's clients are used to. */
function floatText(value: number | bigint): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Infinity || value === -Infinity) return value > 0 ? "inf" : "-inf";
  return Number(value).toFixed(6);
}
