/**
 * Memory that changes hands with a message instead of being copied. The sender loses it.
 *
 * Marks are on the value that is sent, as an argument or a result, so that neither the callers of
 * a thread nor its handlers need another way of saying so.
 */
import type { TensorData } from "@amaas/tensor";

const marks = new WeakMap<object, readonly ArrayBuffer[]>();

/** Says that `memory`, which `value` refers to, goes along with it. */
export function giveAway<T extends object>(value: T, memory: readonly ArrayBuffer[]): T {
  marks.set(value, memory);
  return value;
}

/** What goes along with these values. */
export function givenAway(values: readonly unknown[]): ArrayBuffer[] {
  return values.flatMap((value) =>
    typeof value === "object" && value !== null ? (marks.get(value) ?? []) : [],
  );
}

/** The memory of tensors that can change hands: not text, and not what is shared anyway. */
export function ownedMemory(
  tensors: Readonly<Record<string, { data: TensorData }>>,
): ArrayBuffer[] {
  const memory = new Set<ArrayBuffer>();
  for (const { data } of Object.values(tensors))
    if (!Array.isArray(data) && data.buffer instanceof ArrayBuffer) memory.add(data.buffer);
  return [...memory];
}
