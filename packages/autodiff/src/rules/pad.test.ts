import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, judge, ranked } from "./judge.fixture.ts";
import { padding } from "./pad.ts";

/** Pads that every mode allows: mirroring reaches no further than the axis, and something is always left. */
const margins = (shape: readonly number[], mode: string) =>
  fc.tuple(
    ...shape.map((n) => {
      const most = mode === "reflect" ? n - 1 : mode === "wrap" ? n : 2;
      const pad = fc.integer({ min: 0, max: most });
      const cut = n > 1 && mode === "constant" ? fc.integer({ min: -1, max: 2 }) : pad;
      return n > 2 || mode !== "constant" ? fc.tuple(pad, pad) : fc.tuple(cut, pad);
    }),
  );

const pads = fc
  .tuple(
    ranked.map((shape) => shape.map((n) => n + 1)),
    fc.constantFrom("constant", "constant", "edge", "reflect", "wrap"),
  )
  .chain(([shape, mode]) =>
    fc
      .record({
        x: arrays(shape),
        around: margins(shape, mode),
        value: fc.option(arrays([]), { nil: undefined }),
        axes: fc.shuffledSubarray([...shape.keys()], { minLength: 1 }),
        known: fc.boolean(),
      })
      .map(({ x, around, value, axes, known }): Case => {
        const flat = [0, 1].flatMap((side) => axes.map((axis) => around[axis]![side as 0 | 1]));
        const fill = mode === "constant" && value ? [value] : [];
        const given = known ? [] : [ndarray("INT64", [flat.length], flat)];
        return {
          build: (g, [data, ...rest]) => {
            const at = known ? g.ints(flat) : rest.at(-1)!;
            const around = fill.length > 0 ? rest[0]! : undefined;
            return g.node("Pad", [data!, at, around, g.ints(axes)], { mode });
          },
          inputs: [x, ...fill, ...given],
        };
      }),
  );

judge(padding, { Pad: pads });
