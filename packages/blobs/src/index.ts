export { type Digest, digestOf, parseDigest } from "./digest.ts";
export { openBlobs } from "./open.ts";
export type { BlobStore, GetOptions, PutOptions, StreamOptions } from "./store.ts";
