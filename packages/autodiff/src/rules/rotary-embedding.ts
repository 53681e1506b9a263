/** The gradient of rotary embedding: turning back, and for the angles what each pair would gain by turning on. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Backward, Rule } from "../rule.ts";
import { reshapeLike, shapeOf, sizeAt } from "../sizes.ts";
import { sumRows } from "./rows.ts";

// y = (a c - b s, a s + b c): dx = (da c + db s, db c - da s), which is dy turned by the opposite angle.
export const rotaryEmbedding: Rule<"RotaryEmbedding"> = (node) => {
  const { g, x, dy, attributes, wanted } = node;
  const [, cos, sin, positions] = x;
  const back = () => g.node("RotaryEmbedding", [dy, cos, g.neg(sin), positions], attributes);
  const [dcos, dsin] = wanted[1] || wanted[2] ? ofAngles(node) : [null, null];
  return [wanted[0] ? back() : null, dcos, dsin, null];
};

/** dc = Σ (a da + b db) and ds = Σ (a db - b da) over the heads, and over the places with the same position. */
function ofAngles({ g, x, dy, attributes }: Backward<"RotaryEmbedding">) {
  const [input, cos, sin, positions] = x;
  const { interleaved, num_heads, rotary_embedding_dim: turned } = attributes;
  const flat = shapeOf(input).length === 3;
  const pair = interleaved === 1 ? 4 : 3;
  const inPairs = (x: Value): Value => {
    const heads = flat ? g.reshape(x, [0, 0, num_heads!, -1]) : x;
    const part =
      turned === 0 ? heads : g.node("Slice", [heads, g.ints([0]), g.ints([turned]), g.ints([3])]);
    return g.reshape(part, interleaved === 1 ? [0, 0, 0, -1, 2] : [0, 0, 0, 2, -1]);
  };
  const [own, d] = [inPairs(input), inPairs(dy)];
  const [a, b] = g.split(own, [1, 1], pair) as readonly [Value, Value];
  const [da, db] = g.split(d, [1, 1], pair) as readonly [Value, Value];
  const axes = [flat ? 2 : 1, pair];
  const perPlace = (x: Value) => g.reduceSum(x, axes, { keepdims: false });
  const dcos = perPlace(g.mul(own, d));
  const dsin = perPlace(g.sub(g.mul(a, db), g.mul(b, da)));
  return [intoCache(g, cos, positions, dcos), intoCache(g, sin, positions, dsin)] as const;
}

function intoCache(g: GraphBuilder, cache: Value, positions: Value | undefined, d: Value): Value {
  if (!positions) return d;
  const [count, width] = [sizeAt(g, cache, 0), sizeAt(g, cache, 1)];
  return reshapeLike(g, sumRows(g, { count, width }, positions, d), cache);
}
