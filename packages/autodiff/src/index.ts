export type { GradientOptions } from "./backward.ts";
export { gradient, gradientName } from "./gradient.ts";
