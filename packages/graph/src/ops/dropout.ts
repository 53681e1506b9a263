/** Dropout. What a random generator draws is no function of the inputs, so the reference has only what is. */
import { misfit } from "../misfit.ts";
import { generate, numbersOf } from "../ndarray.ts";
import { operator, optional } from "../operator.ts";
import type { ValueType } from "../shape.ts";
import { want, wantFloat } from "./type-classes.ts";

function wantScalar(name: string, { shape }: ValueType): void {
  if (shape && shape.length > 0) misfit(`${name} has ${shape.length} axes, one number is wanted`);
}

export const dropout = {
  Dropout: operator({
    inputs: ["data", "ratio?", "training_mode?"],
    outputs: ["output", "mask?"],
    attributes: { seed: optional("int") },
    infer({ x: [data, ratio, training] }) {
      wantFloat("data", data);
      if (ratio) {
        wantFloat("ratio", ratio);
        wantScalar("ratio", ratio);
      }
      if (training) {
        want("BOOL", "training_mode", training);
        wantScalar("training_mode", training);
      }
      return [
        { type: data.type, shape: data.shape },
        { type: "BOOL", shape: data.shape },
      ];
    },
    evaluate({ x: [data, ratio, training] }) {
      const drops = !ratio || numbersOf(ratio)[0] !== 0;
      if (training && numbersOf(training)[0] && drops)
        misfit(
          "in training mode its mask is drawn from the engine's own generator, which the reference does not have",
        );
      return [data, generate("BOOL", data.shape, () => 1)];
    },
  }),
};
