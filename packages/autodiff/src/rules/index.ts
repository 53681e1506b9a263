/** The gradient of every operator that the graph package describes. Total: the compiler names what is missing. */
import { isOp, type Op } from "@amaas/graph";
import type { AnyLowering, AnyRule, Rules } from "../rule.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { linear } from "./linear.ts";
import { logic } from "./logic.ts";
import { reductions } from "./reduce.ts";
import { softmax } from "./softmax.ts";

const rules: Rules<Op> = {
  ...elementwise,
  ...logic,
  ...linear,
  ...reductions,
  ...softmax,
  ...layout,
  ...indexing,
};

/** The rule of an operator of ai.onnx, if there is one. */
export function findRule(domain: string, op: string): AnyRule | undefined {
  const entry = find(domain, op);
  return typeof entry === "function" ? entry : undefined;
}

/** How an operator of ai.onnx is spelled out in others before its gradient is taken, if it is. */
export function findLowering(domain: string, op: string): AnyLowering | undefined {
  const entry = find(domain, op);
  return typeof entry === "function" ? undefined : entry;
}

function find(domain: string, op: string): AnyRule | AnyLowering | undefined {
  return domain === "" && isOp(op) ? rules[op] : undefined;
}
