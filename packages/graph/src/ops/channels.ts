/** What the normalizations of channels share: scale and bias for each, and the checks of them. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { aroundAxis, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback } from "../operator.ts";
import { broadcastShapes, mergeDimensions, printShape, type ValueType } from "../shape.ts";

/** As the attribute is read back from a file, which keeps 32 bits. */
export const epsilon = fallback("float", Math.fround(1e-5));

/** Refuses what is not one number for each channel. */
export function wantPerChannel(name: string, { shape }: ValueType, channels?: Dimension): void {
  if (shape && shape.length !== 1)
    misfit(`${name} is ${printShape(shape)}, one number for each channel is wanted`);
  if (shape && channels !== undefined) mergeDimensions(shape[0]!, channels);
}

export function wantChannels(name: string, { shape }: ValueType): void {
  if (shape && shape.length < 2)
    misfit(`${name} is ${printShape(shape)}; an axis of samples and one of channels are wanted`);
}

/** Refuses what does not stretch to the shape of what it is multiplied with or added to. */
export function wantStretches(name: string, { shape }: ValueType, to: Shape | undefined): void {
  if (!shape || !to) return;
  const common = broadcastShapes(shape, to) ?? [];
  const wider = common.some(
    (size, axis) => typeof size === "number" && size !== 1 && to[axis] === 1,
  );
  if (common.length > to.length || wider)
    misfit(`${name} ${printShape(shape)} does not stretch to ${printShape(to)}`);
}

/** Each element times the scale and plus the bias of its channel, which is counted along axis 1. */
export function scaleChannels(x: NDArray, scale: NDArray, bias: NDArray): NDArray {
  const [data, factors, terms] = [numbersOf(x), numbersOf(scale), numbersOf(bias)];
  const channelOf = channelAt(x.shape);
  return generate(x.type, x.shape, (at) => {
    const channel = channelOf(at);
    return data[at]! * factors[channel]! + terms[channel]!;
  });
}

/** The channel of an element; with one axis only, all are one channel. */
export function channelAt(shape: readonly number[]): (at: number) => number {
  if (shape.length < 2) return () => 0;
  const { length, inner } = aroundAxis(shape, 1);
  return (at) => Math.floor(at / inner) % length;
}
