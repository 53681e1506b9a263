export { type ParseOptions, parseText } from "./parse.ts";
