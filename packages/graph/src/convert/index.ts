/**
 * Nodes of other versions of ai.onnx, written in the one that is used here.
 *
 * Between the oldest and the newest version some hundred operators changed; nearly all of them gained types or
 * attributes whose defaults say what was meant before. Those that changed in any other way are in two tables,
 * `upward` and `downward`; the rest means the same in every version and passes as it is.
 */
import { describeNode, type Node } from "../graph.ts";
import { within } from "../misfit.ts";
import type { Change, Surroundings } from "./change.ts";
import { downward } from "./downward.ts";
import { upward } from "./upward.ts";

/** The versions that are read, and between which the tables tell all that changed in meaning. */
export const oldestOpset = 13;
export const newestOpset = 26;

/** The nodes of `defaultOpset` that do what the node did in `version`. */
export function convertNode(node: Node, version: number, around: Surroundings): readonly Node[] {
  const change = node.domain === "" ? changeFrom(version, node.op) : undefined;
  if (!change) return [node];
  return within(
    () => describeNode(node, { "": version }),
    () => {
      const changed = change(node, around);
      return "op" in changed ? [changed] : changed;
    },
  );
}

/** No operator changed in meaning more than once on the way. */
function changeFrom(version: number, op: string): Change | undefined {
  const older = Object.hasOwn(upward, op) ? upward[op] : undefined;
  if (older && version < older.since) return older.change;
  const newer = Object.hasOwn(downward, op) ? downward[op] : undefined;
  return newer && version >= newer.since ? newer.change : undefined;
}
