export type { GradientOptions } from "./backward.ts";
export type { GradientRequest } from "./gradient.ts";
export { gradient, gradientName } from "./gradient.ts";
export { drawWords } from "./random-bits.ts";
export { type GradientForm, gradientForm, hasGradient } from "./rules/index.ts";
