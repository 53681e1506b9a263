/** Arrays taken apart and put together along the axis that an iteration goes through. */
import { elementCount } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { aroundAxis, type NDArray, stridedPositions, stridesOf, take } from "../ndarray.ts";

/** What a body makes in each iteration, stacked, must fit the memory. */
const mostElements = 2 ** 26;

/** The part of `x` at one position of an axis, without that axis. */
export function sliceAt(x: NDArray, axis: number, position: number): NDArray {
  const strides = stridesOf(x.shape);
  const shape = x.shape.toSpliced(axis, 1);
  const offset = position * strides[axis]!;
  return take(x, shape, stridedPositions(shape, strides.toSpliced(axis, 1), offset));
}

/** Collects arrays of one shape; they come back as one, stacked along a new axis. */
export class Stack {
  readonly #parts: NDArray[] = [];
  #elements = 0;

  push(part: NDArray): void {
    const [first = part] = this.#parts;
    if (String(part.shape) !== String(first.shape))
      misfit(`iterations make the shapes [${first.shape}] and [${part.shape}]; one is wanted`);
    this.#elements += elementCount(part.shape);
    if (this.#elements > mostElements)
      misfit(`the iterations make more than the ${mostElements} elements allowed`);
    this.#parts.push(part);
  }

  /** `empty` is the type and the shape of a part where there is none. */
  along(axis: number, reverse: boolean, empty: Pick<NDArray, "type" | "shape">): NDArray {
    const [first] = this.#parts;
    const { type, shape: part } = first ?? empty;
    const shape = part.toSpliced(axis, 0, this.#parts.length);
    const parts = reverse ? this.#parts.toReversed() : this.#parts;
    if (first && !(first.data instanceof Float64Array)) {
      const data = parts.flatMap((each) => [...each.data].map(String));
      const strides = stridesOf([parts.length, ...part]);
      const moved = [...strides.slice(1, axis + 1), strides[0]!, ...strides.slice(axis + 1)];
      return take({ type, shape, data }, shape, stridedPositions(shape, moved));
    }
    const { outer, inner } = aroundAxis(shape, axis);
    const data = new Float64Array(this.#elements);
    for (const [index, each] of parts.entries())
      for (let block = 0; block < outer; block++)
        for (let at = 0; at < inner; at++)
          data[(block * parts.length + index) * inner + at] = Number(each.data[block * inner + at]);
    return { type, shape, data };
  }
}
