/**
 * The node tests of the ONNX standard, and what the reference interpreter makes of one. A case passes when every
 * output has the type and the shape that is expected and numbers within the case's own tolerance.
 */
import { join } from "node:path";
import { errorMessage } from "@amaas/errors";
import {
  evaluate,
  findOperator,
  fromTensor,
  type Graph,
  type NDArray,
  numbersOf,
  readModel,
} from "@amaas/graph";
import { type ArrayRef, type BlobRef, readPacked } from "../gradients/packed.ts";

export interface NodeCase {
  readonly name: string;
  /** What the case is about: an operator, with its domain in front where that is not ai.onnx. */
  readonly operator: string;
  readonly rtol: number;
  readonly atol: number;
  /** The operator set that the standard's generator writes it in; null where it imports another domain alone. */
  readonly opset: number | null;
  readonly model: BlobRef;
  readonly data: readonly {
    readonly inputs: readonly ArrayRef[];
    readonly outputs: readonly ArrayRef[];
  }[];
}

interface Header {
  readonly origin: string;
  readonly cases: readonly NodeCase[];
  readonly leftOut: readonly { readonly reason: string; readonly cases: number }[];
}

const packed = readPacked<Header>(join(import.meta.dirname, "node.bin.br"));

export const { origin, cases, leftOut } = packed.header;

export type Outcome =
  | { readonly kind: "passed" }
  /** It holds an operator that is not described, so it says nothing of those that are. */
  | { readonly kind: "undescribed"; readonly operator: string }
  | { readonly kind: "failed"; readonly reason: string };

export function runCase(each: NodeCase): Outcome {
  try {
    const { graph } = readModel(packed.blob(each.model));
    const operator = undescribed(graph);
    if (operator !== undefined) return { kind: "undescribed", operator };
    for (const data of each.data) {
      const feeds = graph.inputs.map(({ name }, at) => [name, packed.array(data.inputs[at]!)]);
      const made = evaluate(graph, Object.fromEntries(feeds));
      for (const [at, { name }] of graph.outputs.entries()) {
        const expected = fromTensor(packed.array(data.outputs[at]!));
        const fault = difference(made[name]!, expected, each);
        if (fault) return { kind: "failed", reason: `output "${name}": ${fault}` };
      }
    }
    return { kind: "passed" };
  } catch (error) {
    return isDescribed(each.operator)
      ? { kind: "failed", reason: errorMessage(error) }
      : { kind: "undescribed", operator: each.operator };
  }
}

export function isDescribed(operator: string): boolean {
  const dot = operator.lastIndexOf(".");
  return findOperator(operator.slice(0, Math.max(dot, 0)), operator.slice(dot + 1)) !== undefined;
}

function undescribed(graph: Graph): string | undefined {
  for (const { op, domain, attributes } of graph.nodes) {
    if (!findOperator(domain, op)) return domain === "" ? op : `${domain}.${op}`;
    for (const attribute of Object.values(attributes)) {
      const inner = attribute.kind === "graph" ? undescribed(attribute.value) : undefined;
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

function difference(found: NDArray, expected: NDArray, tolerance: NodeCase): string | undefined {
  if (found.type !== expected.type) return `${found.type} instead of ${expected.type}`;
  if (found.shape.join() !== expected.shape.join())
    return `shape [${found.shape}] instead of [${expected.shape}]`;
  const at =
    expected.type === "BYTES" ? textAt(found, expected) : numberAt(found, expected, tolerance);
  if (at < 0) return undefined;
  return `element ${at} is ${found.data[at]} instead of ${expected.data[at]}`;
}

function textAt(found: NDArray, expected: NDArray): number {
  return [...expected.data].findIndex((text, at) => found.data[at] !== text);
}

function numberAt(found: NDArray, expected: NDArray, { rtol, atol }: NodeCase): number {
  const is = numbersOf(found);
  const exact = !expected.type.startsWith("FP");
  return numbersOf(expected).findIndex((wanted, at) => {
    const got = is[at]!;
    if (got === wanted || (Number.isNaN(got) && Number.isNaN(wanted))) return false;
    // Written so that a number that is none counts as a difference.
    return exact || !(Math.abs(got - wanted) <= atol + rtol * Math.abs(wanted));
  });
}
