/**
 * Every operator that is described here, by domain. To add one, write it down in a family; the rule table of
 * autodiff then asks for its gradient.
 */
import { mlDomain } from "../graph.ts";
import type { Operator } from "../operator.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { linear } from "./linear.ts";
import { logic } from "./logic.ts";
import { ml } from "./ml.ts";
import { reductions } from "./reduce.ts";
import { softmax } from "./softmax.ts";

export const operators = {
  ...elementwise,
  ...logic,
  ...linear,
  ...reductions,
  ...softmax,
  ...layout,
  ...indexing,
};

export const mlOperators = ml;

/** The operators of ai.onnx that are described. */
export type Op = keyof typeof operators;
export type Operators = typeof operators;

/** The description of an operator, if there is one. */
export function findOperator(domain: string, op: string): Operator | undefined {
  if (domain === "") return isOp(op) ? operators[op] : undefined;
  if (domain !== mlDomain) return undefined;
  return isMlOp(op) ? mlOperators[op] : undefined;
}

export function isOp(op: string): op is Op {
  return Object.hasOwn(operators, op);
}

function isMlOp(op: string): op is keyof typeof mlOperators {
  return Object.hasOwn(mlOperators, op);
}
