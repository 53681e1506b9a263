export { addInto } from "./add-into.ts";
export { allFinite } from "./all-finite.ts";
export { ExactSquares } from "./exact-squares.ts";
export { CHUNK_LENGTH, chunkRanges, shardRange } from "./ranges.ts";
export { type Offer, SumTree } from "./sum-tree.ts";
export { cover, isNode, reduce, rootOf, span, type TreeNode } from "./tree.ts";
