import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { cumulations } from "./cumulative.ts";
import { distinct, judge, ranked } from "./judge.fixture.ts";

const totals = ranked.chain((shape) =>
  fc
    .tuple(
      distinct(shape),
      fc.integer({ min: -shape.length, max: shape.length - 1 }),
      fc.constantFrom(0, 1),
      fc.constantFrom(0, 1),
      fc.boolean(),
    )
    .map(
      ([x, axis, exclusive, reverse, fed]): Case => ({
        build: (g, [a, along]) =>
          g.node("CumSum", [a, along ?? g.scalar(axis, "INT64")], { exclusive, reverse }),
        inputs: fed ? [x, ndarray("INT64", [], [axis])] : [x],
      }),
    ),
);

judge(cumulations, { CumSum: totals });
