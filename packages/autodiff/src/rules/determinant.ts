/**
 * The gradient of Det: dX = dy C, where C holds the cofactors of X. Each is the determinant of what is left of X
 * without a row and a column, which stays right where X has no inverse.
 */
import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { floatOf, joinSizes, shapeOf, sizes, zerosLike } from "../sizes.ts";

/** Of each matrix of n rows, n² (n - 1)² elements are gathered: up to here 57,600. */
const mostRows = 16;

export const determinants = {
  Det: ({ g, x: [x], dy }) => {
    const count =
      shapeOf(x)
        .slice(-2)
        .find((size) => typeof size === "number") ??
      refuse("the size of its matrices is not known; declare it as a number");
    if (count > mostRows)
      refuse(
        `its matrices have ${count} rows: cofactors are worth it up to ${mostRows}, and ONNX has no inverse`,
      );
    if (count === 0) return [zerosLike(g, x)];
    const each = g.unsqueeze(dy, [-2, -1]);
    return [count === 1 ? each : g.mul(each, cofactors(g, x, count))];
  },
} satisfies Rules<"Det">;

function cofactors(g: GraphBuilder, x: Value, count: number): Value {
  const lead = shapeOf(x).length - 2;
  const flat = g.reshape(x, joinSizes(g, [sizes(g, x, 0, lead), g.ints([count * count])]));
  const minors = g.node("Det", [g.gather(flat, minorsOf(g, count), lead)]);
  const signs = Array.from({ length: count ** 2 }, (_, at) =>
    (Math.floor(at / count) + (at % count)) % 2 === 0 ? 1 : -1,
  );
  return g.mul(minors, g.constant(tensorOf(floatOf(x), [count, count], signs)));
}

/** For each row and column the positions of the elements that lie in neither. */
function minorsOf(g: GraphBuilder, count: number): Value {
  const all = [...Array(count).keys()];
  const positions = all.flatMap((row) =>
    all.flatMap((column) =>
      all
        .filter((other) => other !== row)
        .flatMap((i) => all.filter((other) => other !== column).map((j) => i * count + j)),
    ),
  );
  return g.constant(tensorOf("INT64", [count, count, count - 1, count - 1], positions));
}
