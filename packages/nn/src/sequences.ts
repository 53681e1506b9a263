/** Sequences as architectures see them: of tokens, whose ids are looked up, or of channels at each time. */
import type { Value } from "@amaas/graph";
import { embedding } from "./layers/embedding.ts";
import type { LayerBuilder } from "./layers/layer-builder.ts";
import type { NetworkSize } from "./network.ts";
import { shapeOf, unfit } from "./samples.ts";

export interface Sequence {
  /** FP32 [batch, time, channels] */
  readonly x: Value;
  readonly time: number;
  /** BOOL [batch, time], of tokens: whether there is one; 0 is padding. */
  readonly counts?: Value;
}

/** Tokens become rows of a table of this width; channels stay as they are. */
export function sequenceOf(
  n: LayerBuilder,
  features: Value,
  size: NetworkSize,
  { architecture, width }: { readonly architecture: string; readonly width: number },
): Sequence {
  const { g } = n;
  const { vocabulary } = size;
  const shape = shapeOf(size);
  if (vocabulary !== undefined) {
    if (shape.length !== 1)
      throw unfit("architecture.type", `"${architecture}"`, "rows of tokens, [time]", shape);
    const ids = g.cast(features, "INT32");
    const x = embedding(n.at("token"), ids, { count: vocabulary, width });
    return { x, time: shape[0]!, counts: g.greater(ids, g.scalar(0, ids)) };
  }
  // An array [rows, time, channels] is taken for images of one channel as long as nobody says otherwise.
  const [time, channels, ...more] = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape;
  if (!size.shape || time === undefined || channels === undefined || more.length > 0)
    throw unfit(
      "architecture.type",
      `"${architecture}"`,
      "series of the shape [time, channels], or tokens",
      shape,
    );
  return { x: g.reshape(features, [0, time, channels]), time };
}

/** The mean over the places that count: [batch, channels]. */
export function meanOf({ g }: LayerBuilder, { x, counts }: Pick<Sequence, "x" | "counts">): Value {
  if (!counts) return g.reduceMean(x, [1], { keepdims: false });
  const each = g.unsqueeze(g.cast(counts, "FP32"), [2]);
  const sum = g.reduceSum(g.mul(x, each), [1], { keepdims: false });
  return g.div(sum, atLeastOne(g, g.reduceSum(each, [1], { keepdims: false })));
}

/** INT32 [batch]: how many places count, but one in what is padding alone. Padding is at the end. */
export function lengthsOf({ g }: LayerBuilder, counts: Value): Value {
  const each = g.cast(counts, "INT32");
  return atLeastOne(g, g.reduceSum(each, [1], { keepdims: false }));
}

function atLeastOne(g: LayerBuilder["g"], x: Value): Value {
  return g.node("Max", [x, g.scalar(1, x)]);
}
