/** What the network makes of a sample, how far that is from it, and its code where it has one. */
import { reconstructed } from "../objectives/reconstruction.ts";
import type { Answers } from "./answer.ts";

export const reconstruction: Answers = {
  names: ["reconstruction", "error", "code"],
  give(g, { seen, outputs, code }, { loss, array }) {
    const values = reconstructed(g, outputs, loss?.type);
    const difference = g.sub(seen, values);
    const error = g.reduceMean(g.mul(difference, difference), [1], { keepdims: false });
    const inUnits = array ? g.mul(values, g.scalar(array.unit, values)) : g.identity(values);
    return {
      reconstruction: array ? g.reshape(inUnits, [-1, ...array.sizes]) : inUnits,
      error,
      ...(code && { code: g.node("Flatten", [code], { axis: 1 }) }),
    };
  },
};
