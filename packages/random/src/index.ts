export { hashKey } from "./hash-key.ts";
export { inverseNormal, normal } from "./normal.ts";
export { permutation, permute } from "./permute.ts";
export type { Block, Key } from "./philox.ts";
export { bits } from "./philox.ts";
export { uniform } from "./uniform.ts";
