import fc from "fast-check";
import { array, type Case } from "../oracle.fixture.ts";
import { away, judge } from "./judge.fixture.ts";
import { ranges } from "./range.ts";

/** Bounds between two elements, so that a small step does not change how many there are. */
const counted = fc
  .tuple(away, away, fc.nat(4), fc.boolean())
  .map(([start, delta, count, down]): Case => {
    const step = down ? -delta : delta;
    return {
      build: (g, [from, by]) =>
        g.node("Range", [from!, g.scalar(start + step * (count + 0.5), "FP64"), by!]),
      inputs: [array([], [start]), array([], [step])],
    };
  });

judge(ranges, {
  Range: counted,
  EyeLike: (g, x) => {
    const row = g.reshape(x, [1, -1]);
    return g.node("EyeLike", [row], { k: 0 });
  },
});
