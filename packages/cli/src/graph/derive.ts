/**
 * The graph that `amaas graph gradient` writes: the loss, `grad/<name>` for each value asked for, and the weights
 * among those as inputs, so that whoever trains can feed new ones.
 */
import { type GradientRequest, gradient, gradientName } from "@amaas/autodiff";
import { DomainError, isDomainError } from "@amaas/errors";
import { type Graph, isFloat, namesUsedBy } from "@amaas/graph";
import { missingRules } from "./missing-rules.ts";
import { didYouMean } from "./similar.ts";

const mostListed = 10;

export interface Derivable {
  /** An output of one number. */
  readonly loss: string;
  /** Inputs and initializers; undefined for all floating-point initializers that the loss depends on. */
  readonly wrt: readonly string[] | undefined;
  /** Initializers stay constants. */
  readonly keepInitializers: boolean;
  /** Outputs beside the loss stay too. */
  readonly keepOutputs: boolean;
}

export interface Derivation {
  readonly graph: Graph;
  /** Those that have a gradient. */
  readonly wrt: readonly string[];
  /** Initializers that the loss does not depend on, where all were asked for. */
  readonly without: readonly string[];
  /** Initializers that are inputs now. */
  readonly moved: readonly string[];
  readonly nodes: { readonly forward: number; readonly backward: number };
}

export function derive(given: Graph, request: Derivable): Derivation {
  const { loss, keepInitializers, keepOutputs } = request;
  wantOutput(given, loss);
  const outputs = given.outputs.filter(({ name }) => keepOutputs || name === loss);
  const graph = { ...given, outputs };
  const asked = request.wrt ?? allWeights(graph);
  for (const name of asked) wantValue(graph, name);
  const wrt = request.wrt ? [...new Set(asked)] : dependedOn(graph, loss, asked);
  const moved = keepInitializers ? [] : wrt.filter((name) => graph.initializers.has(name));
  const derived = attempt(withInputs(graph, new Set(moved)), { loss, wrt });
  const forward = countNeeded(derived, new Set(outputs.map(({ name }) => name)));
  const found = new Set(wrt);
  return {
    graph: derived,
    wrt,
    without: asked.filter((name) => !found.has(name)),
    moved,
    nodes: { forward, backward: derived.nodes.length - forward },
  };
}

/** A gradient, or what stands in its way. */
function attempt(graph: Graph, request: GradientRequest): Graph {
  try {
    return gradient(graph, request);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const hint = missingRules(graph, request.loss, request.wrt);
    // The walk has named the first one itself, unless it stumbled over what that one left unknown.
    throw hint === "" ? error : new DomainError(error.code, error.message + hint, { cause: error });
  }
}

/** What the file wrote as Constant nodes are numbers of the program. */
function allWeights({ name: graph, initializers, constants }: Graph): readonly string[] {
  const weights = [...initializers].flatMap(([name, { type }]) =>
    isFloat(type) && !constants?.has(name) ? [name] : [],
  );
  if (weights.length > 0) return weights;
  throw new DomainError(
    "invalid-argument",
    `graph "${graph}" has no floating-point initializers; name inputs with --wrt`,
  );
}

/** The walk itself decides: what only reaches the loss through rounding or comparing has no gradient. */
function dependedOn(graph: Graph, loss: string, asked: readonly string[]): readonly string[] {
  const { outputs } = attempt(graph, { loss, wrt: asked, independent: "omit" });
  const names = new Set(outputs.map(({ name }) => name));
  const found = asked.filter((name) => names.has(gradientName(name)));
  if (found.length > 0) return found;
  throw new DomainError(
    "invalid-argument",
    `the loss "${loss}" depends on no floating-point initializer; name inputs with --wrt`,
  );
}

/** Weights that move out: inputs of their type and shape. */
function withInputs(graph: Graph, names: ReadonlySet<string>): Graph {
  const moved = [...graph.initializers].filter(([name]) => names.has(name));
  return {
    ...graph,
    inputs: [...graph.inputs, ...moved.map(([name, { type, shape }]) => ({ name, type, shape }))],
    initializers: new Map([...graph.initializers].filter(([name]) => !names.has(name))),
  };
}

/** How many nodes some outputs need. */
function countNeeded(graph: Graph, names: Set<string>): number {
  const needed = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => names.has(name))) return false;
    for (const name of namesUsedBy(node)) names.add(name);
    return true;
  });
  return needed.length;
}

function wantOutput({ name: graph, outputs }: Graph, loss: string): void {
  const names = outputs.map(({ name }) => name);
  if (names.includes(loss)) return;
  throw new DomainError(
    "invalid-argument",
    `graph "${graph}" has no output "${loss}"; it has ${listed(names)}`,
  );
}

function wantValue({ name: graph, inputs, initializers }: Graph, name: string): void {
  if (initializers.has(name) || inputs.some((input) => input.name === name)) return;
  const known = [...inputs.map((input) => input.name), ...initializers.keys()];
  throw new DomainError(
    "invalid-argument",
    `graph "${graph}" has no input or initializer "${name}"${didYouMean(name, known) || `; it has ${listed(known)}`}`,
  );
}

function listed(names: readonly string[]): string {
  const rest = names.length - mostListed;
  const shown = names.slice(0, mostListed).map((name) => `"${name}"`);
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}
