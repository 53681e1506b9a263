/** A graph with graphs inside a node, one of which uses a value and a constant from around it. */
import { defaultOpset, type Graph, type Node, type ValueInfo } from "./graph.ts";
import { tensorOf } from "./ndarray.ts";

const opsets = { "": defaultOpset };
const vector = (name: string): ValueInfo => ({ name, type: "FP32", shape: [2] });

export function nodeOf(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Node["attributes"] = {},
): Node {
  return { op, domain: "", name: output, inputs, outputs: [output], attributes };
}

export function choice(factor = 0.5, inner = "scaled"): Graph {
  const then: Graph = {
    name: "halved",
    opsets,
    inputs: [],
    outputs: [vector(inner)],
    initializers: new Map(),
    nodes: [nodeOf("Mul", ["x", "factor"], inner)],
  };
  const otherwise: Graph = {
    name: "kept",
    opsets,
    inputs: [],
    outputs: [vector("same")],
    initializers: new Map([["w", tensorOf("FP32", [2, 2], [1, 0, 0, 1])]]),
    nodes: [nodeOf("MatMul", ["x", "w"], "same")],
  };
  return {
    name: "choice",
    opsets,
    inputs: [{ name: "c", type: "BOOL", shape: [] }, vector("x")],
    outputs: [vector("y")],
    initializers: new Map([["factor", tensorOf("FP32", [], [factor])]]),
    nodes: [
      nodeOf("If", ["c"], "chosen", {
        then_branch: { kind: "graph", value: then },
        else_branch: { kind: "graph", value: otherwise },
      }),
      nodeOf("Relu", ["chosen"], "y"),
    ],
    values: [vector("chosen")],
  };
}
