/**
 * ONNX graphs as plain values: a light form of the protobuf messages, in which every value that enters or
 * leaves a graph has a type and a shape, and nothing is ever changed in place.
 */
import type { DataType, Tensor } from "@amaas/tensor";

/** The opset of ai.onnx that is written, and the one that the operators here are described at. */
export const defaultOpset = 23;
/** The version of ai.onnx.ml that goes with it. */
export const defaultMlOpset = 3;
/** The version of the file format that is written. */
export const irVersion = 11;
export const mlDomain = "ai.onnx.ml";
/** Operators that onnxruntime has beyond the standard. */
export const contribDomain = "com.microsoft";

/** A size, or the name of a size that is known only when the graph runs; `"?"` is one without a name. */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export interface ValueInfo {
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
}

/** The version of each operator set, by domain; ai.onnx is the empty text. */
export type Opsets = Readonly<Record<string, number>>;

export interface Graph {
  readonly name: string;
  readonly opsets: Opsets;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Initializers that the file wrote as Constant nodes: numbers of the program, not weights. */
  readonly constants?: ReadonlySet<string>;
  /** In an order in which every value is made before it is used. */
  readonly nodes: readonly Node[];
  /** Types that were declared for values inside; needed only where an operator is not described here. */
  readonly values?: readonly ValueInfo[];
}

export interface Node {
  readonly op: string;
  /** The operator set; the empty text is ai.onnx. */
  readonly domain: string;
  readonly name: string;
  /** Names of values; the empty text stands for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** What an attribute of each kind holds. Sparse tensors are made dense; integers beyond 2^53 are not carried. */
export interface AttributeValues {
  float: number;
  int: number;
  string: string;
  tensor: Tensor;
  graph: Graph;
  floats: readonly number[];
  ints: readonly number[];
  strings: readonly string[];
}

export type AttributeKind = keyof AttributeValues;
export type AttributeOf<K extends AttributeKind> = {
  readonly kind: K;
  readonly value: AttributeValues[K];
};
export type Attribute = { [K in AttributeKind]: AttributeOf<K> }[AttributeKind];
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Model {
  readonly graph: Graph;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A model of a graph, ready to be written. */
export function modelOf(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Model {
  return { graph, metadata };
}

/** How messages name a node: `node "h1" (Gemm, ai.onnx opset 23)`. */
export function describeNode(
  node: Pick<Node, "op" | "domain" | "name">,
  opsets: Opsets = { "": defaultOpset },
): string {
  const version = Object.hasOwn(opsets, node.domain) ? opsets[node.domain] : "?";
  return `node "${node.name}" (${node.op}, ${node.domain || "ai.onnx"} opset ${version})`;
}
