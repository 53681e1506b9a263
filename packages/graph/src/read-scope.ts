/**
 * What a graph of a file is read under. The main graph and every call of a local function have a scope each: the
 * operator sets that its nodes are written in, and, inside a function, what its names and attributes stand for.
 */
import type { GraphProto, TensorProto } from "@amaas/proto/onnx/onnx";
import type { Tensor } from "@amaas/tensor";
import type { Budget } from "./budget.ts";
import type { ExternalFiles } from "./external.ts";
import type { Attribute, Opsets } from "./graph.ts";
import type { Find } from "./infer.ts";
import type { LocalFunction, LocalFunctions } from "./local-functions.ts";
import { misfit } from "./misfit.ts";
import { readTensor } from "./read-tensor.ts";

export interface Scope {
  readonly source: Source;
  /** The operator sets of the nodes as they are written. */
  readonly opsets: Opsets;
  readonly rename: (name: string) => string;
  /** What a function's references to its attributes stand for; outside of functions there are none. */
  readonly bound: ReadonlyMap<string, Attribute> | undefined;
  /** What the graphs around declare of their values. */
  readonly find: Find;
  /** The functions that are being put in place, the innermost last. */
  readonly calls: readonly LocalFunction[];
  /** How deep graphs and functions lie in each other. */
  readonly depth: number;
}

/** The file as a whole. */
export interface Source {
  /** The operator sets that the graph has once it is read. */
  readonly opsets: Opsets;
  readonly functions: LocalFunctions;
  readonly files: ExternalFiles;
  readonly budget: Budget;
  readonly names: Names;
  readonly deepest: number;
  /** Functions are read once for every call; their constants need not be. */
  readonly tensors: WeakMap<TensorProto, Tensor>;
}

/** One level further in. */
export function inner(scope: Scope, more: Partial<Scope> = {}): Scope {
  const depth = scope.depth + 1;
  if (depth > scope.source.deepest)
    misfit(`graphs and functions nest deeper than the ${scope.source.deepest} allowed`);
  return { ...scope, ...more, depth };
}

export function readTensorOnce(proto: TensorProto, { source, bound }: Scope): Tensor {
  if (!bound) return readTensor(proto, source.files);
  const known = source.tensors.get(proto);
  if (known) return known;
  const made = readTensor(proto, source.files);
  source.tensors.set(proto, made);
  return made;
}

/** Whatever is called by a new name, a node or a constant, takes about this much. */
const perName = 600;

/** Names that the file does not use. The names it does use are gathered when the first new one is wanted. */
export class Names {
  readonly #graph: GraphProto;
  readonly #budget: Budget;
  readonly #repeats = new Map<string, number>();
  #taken: Set<string> | undefined;

  constructor(graph: GraphProto, budget: Budget) {
    this.#graph = graph;
    this.#budget = budget;
  }

  fresh(hint: string): string {
    this.#taken ??= gatherNames(this.#graph, new Set());
    this.#budget.spend(perName + hint.length);
    let name = hint;
    let repeat = this.#repeats.get(hint) ?? 0;
    while (this.#taken.has(name)) name = `${hint}_${++repeat}`;
    this.#repeats.set(hint, repeat);
    this.#taken.add(name);
    return name;
  }
}

function gatherNames(graph: GraphProto, names: Set<string>): Set<string> {
  for (const { name } of [...graph.input, ...graph.output, ...graph.initializer]) names.add(name);
  for (const { values } of graph.sparseInitializer) if (values) names.add(values.name);
  for (const node of graph.node) {
    for (const name of [...node.input, ...node.output]) names.add(name);
    for (const { g, graphs } of node.attribute)
      for (const each of g ? [g, ...graphs] : graphs) gatherNames(each, names);
  }
  return names;
}
