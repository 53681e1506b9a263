/**
 * A trial run before a version meets its first request: what is made on first use is made now, and a
 * model that cannot run is found while the old one still serves.
 */
import type { PooledSession, ValueSpec } from "@amaas/engine";
import { elementCount, type Tensor, tensor, zeros } from "@amaas/tensor";
import { smallestShape } from "./shape.ts";

export async function warm(session: PooledSession): Promise<void> {
  const feeds = Object.fromEntries(session.inputs.map((input) => [input.name, blank(input)]));
  await session.run(feeds);
}

/** Zeros of the smallest shape that fits; as text too, since a model may read numbers from it. */
export function blank(input: ValueSpec): Tensor {
  const shape = smallestShape(input);
  if (input.type !== "BYTES") return zeros(input.type, shape);
  return tensor("BYTES", shape, new Array<string>(elementCount(shape)).fill("0"));
}
