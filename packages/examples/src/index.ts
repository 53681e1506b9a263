export { digitSide } from "./digits.ts";
export { type DrawOptions, drawDigit } from "./draw-digit.ts";
export { type Example, type ExampleName, examples } from "./examples.ts";
