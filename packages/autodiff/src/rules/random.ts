/** Gradient rules for operators that draw random numbers: what is drawn does not vary smoothly with anything. */
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const random = {
  RandomNormal: () => [],
  RandomUniform: () => [],
  RandomNormalLike: zero1,
  RandomUniformLike: zero1,
  Bernoulli: zero1,
  Multinomial: zero1,
} satisfies Rules<
  | "RandomNormal"
  | "RandomUniform"
  | "RandomNormalLike"
  | "RandomUniformLike"
  | "Bernoulli"
  | "Multinomial"
>;
