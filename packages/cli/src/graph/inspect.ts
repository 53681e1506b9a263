/** All that there is to say of a model's soundness: its faults, and what can be done with its operators. */
import { hasGradient } from "@amaas/autodiff";
import { errorMessage, isDomainError } from "@amaas/errors";
import { findOperator, inferTypes, type OperatorCount, summarize } from "@amaas/graph";
import type { LoadedFile, LoadedModel } from "./load-model.ts";

export interface Fault {
  /** The part of the graph that is at fault; empty where it is the whole. */
  readonly where: string;
  readonly what: string;
}

export interface OperatorSupport extends OperatorCount {
  /** Whether types and shapes are worked out, and the reference interpreter runs it. */
  readonly kernel: boolean;
  readonly gradient: boolean;
}

export type Inspection =
  | { readonly ok: false; readonly faults: readonly Fault[] }
  | {
      readonly ok: true;
      readonly faults: readonly [];
      readonly nodes: number;
      readonly opsets: readonly { readonly domain: string; readonly version: number }[];
      /** Values whose type or shape is neither worked out nor declared. */
      readonly untyped: readonly string[];
      readonly operators: readonly OperatorSupport[];
      readonly files: readonly LoadedFile[];
    };

export function inspect({ model: { graph }, files }: LoadedModel): Inspection {
  const { nodes, innerNodes, operators } = summarize(graph);
  const untyped = [...inferTypes(graph)]
    .filter(([, { type, shape }]) => type === undefined || shape === undefined)
    .map(([name]) => name);
  return {
    ok: true,
    faults: [],
    nodes: nodes + innerNodes,
    opsets: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    untyped,
    operators: operators.map((each) => ({
      ...each,
      kernel: findOperator(each.domain, each.op) !== undefined,
      gradient: hasGradient(each.domain, each.op),
    })),
    files,
  };
}

/** What a refusal to read the model says of it. */
export function faultsOf(error: unknown): readonly Fault[] {
  const violations = isDomainError(error) ? error.violations : [];
  if (violations.length === 0) return [{ where: "", what: errorMessage(error) }];
  return violations.map(({ field, description }) => ({ where: field, what: description }));
}
