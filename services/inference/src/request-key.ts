/**
 * What makes two requests to one version the same: the outputs that are asked for, and every input's
 * type, shape and bytes, whatever form and order they came in. Two keys are compared whole; the hash
 * only finds the ones that are worth it.
 */
import { crc32 } from "node:zlib";
import { toRaw } from "@amaas/tensor";
import type { Feeds, Requested, Signature } from "./request.ts";

export interface RequestKey {
  readonly hash: number;
  /** Everything but the inputs' bytes. */
  readonly head: string;
  /** The inputs' bytes in the order of the signature. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

export function requestKey(
  feeds: Feeds,
  requested: readonly Requested[],
  { inputs }: Signature,
): RequestKey {
  const tensors = inputs.map(({ name }) => feeds[name]!);
  const head = JSON.stringify([
    requested.map(({ name, classes }) => [name, classes]),
    tensors.map(({ type, shape }) => [type, shape]),
  ]);
  const parts = tensors.map((tensor) => toRaw(tensor));
  let hash = crc32(head);
  let bytes = 2 * head.length;
  for (const part of parts) {
    hash = crc32(part, hash);
    bytes += part.byteLength;
  }
  return { hash, head, parts, bytes };
}

export function sameKey(one: RequestKey, other: RequestKey): boolean {
  if (one.hash !== other.hash || one.head !== other.head) return false;
  return one.parts.every((part, index) => Buffer.compare(part, other.parts[index]!) === 0);
}

/** In memory of its own: that of a message would be kept as a whole for one part of it. */
export function keptKey(key: RequestKey): RequestKey {
  return { ...key, parts: key.parts.map((part) => new Uint8Array(part)) };
}
