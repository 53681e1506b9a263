/**
 * Frozen parameters: those that training leaves as they are.
 *
 * They move into the graphs as constants, under their names, and are no parameters any more: nobody computes their
 * gradients, sends or keeps them, and an optimizer's weight decay does not reach them.
 */
import type { Graph } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { matcher, shownNames, withoutMatch } from "./name-pattern.ts";
import type { Network } from "./network.ts";
import { layout } from "./parameters.ts";

export interface Frozen {
  readonly network: Network;
  /** Of the parameters that are left. */
  readonly values: Float32Array;
}

/**
 * `patterns` are names in which `*` stands for anything; `values` are those of all parameters, in the order of
 * `layout`.
 *
 * @throws DomainError invalid-argument where a pattern names nothing, or nothing is left.
 */
export function freeze(
  network: Network,
  patterns: readonly string[],
  values: Float32Array,
): Frozen {
  if (patterns.length === 0) return { network, values };
  const placements = layout(network.parameters);
  const names = placements.map(({ name }) => name);
  const matches = patterns.map(matcher);
  const unknown = withoutMatch(patterns, names);
  if (unknown.length > 0)
    throw faultySpec(
      unknown.map(({ pattern, index }) => ({
        field: `training.freeze[${index}]`,
        description: `found ${JSON.stringify(pattern)}, which is no parameter's name, wanted ${shownNames(names)}`,
      })),
    );
  const isFrozen = (name: string) => matches.some((match) => match(name));
  const left = network.parameters.filter(({ name }) => !isFrozen(name));
  if (left.length === 0)
    throw faultySpec([{ field: "training.freeze", description: "leaves no parameter to train" }]);
  const constants = new Map<string, Tensor>();
  const trained: Float32Array[] = [];
  for (const { name, shape, offset, length } of placements) {
    const part = values.subarray(offset, offset + length);
    if (isFrozen(name)) constants.set(name, tensor("FP32", shape, part.slice()));
    else trained.push(part);
  }
  const { graph, training } = network;
  return {
    network: {
      ...network,
      graph: withConstants(graph, constants),
      ...(training && { training: withConstants(training, constants) }),
      parameters: left,
    },
    values: joined(trained),
  };
}

function withConstants(graph: Graph, constants: ReadonlyMap<string, Tensor>): Graph {
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !constants.has(name)),
    initializers: new Map([...graph.initializers, ...constants]),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
