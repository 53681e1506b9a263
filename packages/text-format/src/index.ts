export { type ParseOptions, parseText } from "./parse.ts";
export { printText } from "./print.ts";
