/**
 * Augmentation: images as training sees them, turned over, moved and lit another way, each time anew.
 *
 * It is part of the training graph alone. What becomes of an image is a function of the key that the graph is fed
 * and of the image's place in the micro-batch, so whoever computes a virtual shard sees the same images.
 */
import { drawWords } from "@amaas/autodiff";
import type { GraphBuilder, Value } from "@amaas/graph";
import type { AugmentationSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { sizeAt } from "./layers/sizes.ts";
import { unfit } from "./samples.ts";

/** What is drawn for each image, by its place among its words. */
const draws = { down: 0, right: 1, upsideDown: 2, leftToRight: 3, brightness: 4, contrast: 5 };
type Draw = keyof typeof draws;
type DrawOf = (draw: Draw) => Value;

export interface Augmentation extends AugmentationSpec {
  /** Of an image, [channels, height, width]. */
  readonly shape: readonly number[];
}

/** Of `features` FP32 [batch, channels * height * width]. */
export function augmented(
  g: GraphBuilder,
  features: Value,
  key: Value,
  { shape, ...spec }: Augmentation,
): Value {
  if (shape.length !== 3)
    throw unfit(
      "training.augmentation",
      "it",
      "images of the shape [channels, height, width]",
      shape,
    );
  const batch = sizeAt(features, 0);
  const columns = Object.keys(draws).length;
  const words = drawWords(g, key, [batch, columns], "augmentation");
  const drawn: DrawOf = (draw) =>
    // [batch, 1, 1, 1]
    g.unsqueeze(g.gather(words, g.ints([draws[draw]]), 1), [2, 3]);
  const images = g.reshape(features, [batch, ...shape]);
  const moved = movedImages(g, images, drawn, spec);
  return g.reshape(lit(g, moved, drawn, spec), [batch, sizeAt(features, 1)]);
}

/** Rows and columns of the padded image are picked, in the other order where it is turned over. */
function movedImages(
  g: GraphBuilder,
  images: Value,
  drawn: DrawOf,
  { flip, crop = 0 }: AugmentationSpec,
): Value {
  const pads = [0, 0, crop, crop, 0, 0, crop, crop];
  const padded = crop > 0 ? g.node("Pad", [images, g.ints(pads)]) : images;
  const vertical = flip === "vertical" || flip === "both";
  const horizontal = flip === "horizontal" || flip === "both";
  const down = picked(g, sizeAt(images, 2), crop, drawn, "down", vertical && "upsideDown");
  const right = picked(g, sizeAt(images, 3), crop, drawn, "right", horizontal && "leftToRight");
  const rows = down ? pick(g, padded, g.transpose(down, [0, 1, 3, 2]), 2) : padded;
  return right ? pick(g, rows, right, 3) : rows;
}

/** Which places of a padded side to take: INT64 [batch, 1, 1, size], or none where they are all there are. */
function picked(
  g: GraphBuilder,
  size: number,
  crop: number,
  drawn: DrawOf,
  shift: Draw,
  turn: Draw | false,
): Value | undefined {
  if (crop === 0 && !turn) return undefined;
  const straight = Array.from({ length: size }, (_, place) => place);
  const places = turn
    ? g.where(isSet(g, drawn(turn)), g.ints(straight.toReversed()), g.ints(straight))
    : g.ints(straight);
  return g.add(places, below(g, drawn(shift), 2 * crop + 1));
}

function pick(g: GraphBuilder, images: Value, places: Value, axis: 2 | 3): Value {
  const sizes = images.shape!.map((_, at) => sizeAt(at === axis ? places : images, at));
  return g.gatherElements(images, g.expand(places, sizes), axis);
}

/** x (1 + brightness u), then m + (x - m) (1 + contrast v), m being the image's mean; u and v from -1 to 1. */
function lit(g: GraphBuilder, x: Value, drawn: DrawOf, { jitter }: AugmentationSpec): Value {
  if (!jitter) return x;
  const factor = (draw: "brightness" | "contrast") =>
    g.add(g.mul(signed(g, drawn(draw)), g.scalar(jitter[draw], "FP32")), g.scalar(1, "FP32"));
  const bright = jitter.brightness > 0 ? g.mul(x, factor("brightness")) : x;
  if (jitter.contrast === 0) return bright;
  const mean = g.reduceMean(bright, [1, 2, 3]);
  return g.add(g.mul(g.sub(bright, mean), factor("contrast")), mean);
}

/** For half of all words. */
function isSet(g: GraphBuilder, word: Value): Value {
  return g.greaterOrEqual(word, word32(g, 2 ** 31));
}

/** 0 … count - 1 as INT64, by the upper 16 bits of a word. */
function below(g: GraphBuilder, word: Value, count: number): Value {
  const upper = (value: Value) =>
    g.node("BitShift", [value, word32(g, 16)], { direction: "RIGHT" });
  return g.cast(upper(g.mul(upper(word), word32(g, count))), "INT64");
}

/** From -1 to 1, by the upper 24 bits of a word: nothing of it is rounded. */
function signed(g: GraphBuilder, word: Value): Value {
  const upper = g.node("BitShift", [word, word32(g, 8)], { direction: "RIGHT" });
  const number = g.mul(g.cast(upper, "FP32"), g.scalar(2 ** -23, "FP32"));
  return g.sub(number, g.scalar(1, "FP32"));
}

function word32(g: GraphBuilder, value: number): Value {
  return g.constant(tensor("UINT32", [], Uint32Array.of(value)));
}
