/**
 * Which initializers of a graph are parameters: FP32 ones that a pattern names. Single numbers, and what the file has as
 * Constant nodes, belong to the program, so it takes their names in full; statistics of batches and causal masks are
 * never any.
 */
import type { Graph } from "@amaas/graph";
import { faultySpec, type OnnxSpec } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";
import { matcher, shownNames, withoutMatch } from "../name-pattern.ts";
import type { Initialization, Parameter } from "../network.ts";
import { freshValues } from "./fresh.ts";
import { isCausalMask } from "./masks.ts";
import { type Use, usesOf } from "./uses.ts";

/** Inputs of operators that are no weights, by their place. */
const noWeights: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  Resize: [1, 2],
};

export interface Weight extends Parameter {
  /** In the file; `name` is what the parameter is called. */
  readonly initializer: string;
}

type Choice = Pick<OnnxSpec, "train" | "initial">;

/**
 * `reserved` tells names that a parameter cannot have.
 *
 * @throws DomainError invalid-argument where a pattern names no such initializer, or its numbers are not finite.
 */
export function weightsOf(
  graph: Graph,
  { train, initial }: Choice,
  reserved: (name: string) => boolean,
): readonly Weight[] {
  const uses = usesOf(graph);
  const possible = [...graph.initializers].filter(
    ([name, value]) =>
      value.type === "FP32" && !(uses.get(name) ?? []).some(isNoWeight) && !isCausalMask(value),
  );
  const isWeight = (name: string, { shape }: Tensor) =>
    shape.length > 0 && !graph.constants?.has(name);
  const names = possible.filter(([name, value]) => isWeight(name, value)).map(([name]) => name);
  const chosen = possible.filter(
    ([name, value]) =>
      train.includes(name) || (isWeight(name, value) && train.some((one) => matcher(one)(name))),
  );
  refuseUnknown(train, [...names, ...chosen.map(([name]) => name)]);
  return chosen.map(([initializer, value]) => ({
    initializer,
    name: freeName(initializer, (name) => reserved(name)),
    shape: value.shape,
    ...(initial === "fresh"
      ? freshValues(value.shape, uses.get(initializer) ?? [])
      : { init: valuesIn(initializer, value) }),
  }));
}

function isNoWeight({ op, place }: Use): boolean {
  return Object.hasOwn(noWeights, op) && (noWeights[op]?.includes(place) ?? false);
}

function refuseUnknown(train: readonly string[], names: readonly string[]): void {
  // All of nothing is nothing: a new head may be all there is to train.
  const unknown = withoutMatch(train, names).filter(({ pattern }) => pattern !== "*");
  if (unknown.length === 0) return;
  const wanted = names.length > 0 ? shownNames(names) : "a file that has FP32 initializers";
  throw faultySpec(
    unknown.map(({ pattern, index }) => ({
      field: `architecture.train[${index}]`,
      description: `found ${JSON.stringify(pattern)}, which is no FP32 initializer's name, wanted ${wanted}`,
    })),
  );
}

function freeName(name: string, taken: (name: string) => boolean): string {
  return taken(name) ? freeName(`file/${name}`, taken) : name;
}

function valuesIn(name: string, { data }: Tensor): Initialization {
  const values = Float32Array.from(data, Number);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return { type: "values", values };
  const description = `initializer "${name}" is ${values[at]} at element ${at}, wanted finite numbers`;
  throw faultySpec([{ field: "architecture.file", description }]);
}
