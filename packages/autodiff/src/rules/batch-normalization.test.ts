import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { arrays, away, distinct, judge } from "./judge.fixture.ts";

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 2, max: 4 })),
  fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    )
    .map(([samples, channels, places]) => [samples, channels, ...places]),
);

/** Which outputs the loss depends on: in training the running statistics, too, depend on the batch. */
const cases = fc
  .tuple(shapes, fc.constantFrom(0.01, 0.5), fc.constantFrom([], [0], [0, 1, 2], [1], [2]))
  .chain(([shape, epsilon, used]) => {
    const statistic = [shape[1] ?? 1];
    return fc
      .tuple(
        distinct(shape),
        arrays(statistic),
        arrays(statistic),
        arrays(statistic),
        arrays(statistic, away),
      )
      .map(
        (inputs): Case => ({
          build(g, x) {
            const attributes = { epsilon, momentum: 0.75, training_mode: 1 };
            if (used.length === 0) return g.node("BatchNormalization", x, { epsilon });
            const made = g.node("BatchNormalization", x, attributes, { outputs: 3 });
            const [first, ...rest] = used.map((index) =>
              index === 0 ? g.reduceMean(g.mul(made[0]!, made[0]!), [0]) : made[index]!,
            );
            const squares = rest.map((part) => g.reduceSum(g.mul(part, part)));
            // All inputs take part, since the loss may not depend on them through the outputs that are used.
            const given = x.map((input) => g.reduceSum(input));
            return [...squares, ...given].reduce((a, b) => g.add(a, b), first!);
          },
          inputs,
        }),
      );
  });

judge(batchNormalization, { BatchNormalization: cases });
