/**
 * A graph that was exported for a fixed number of samples, for any number of them: its inputs are open, nothing declares
 * the number inside, and a Reshape to sizes that begin with it copies that size instead. For the fixed number it is the
 * same graph; where the number is written into it in other ways, it still is in what comes out.
 */
import { type Graph, inferTypes, type Known, type Node } from "@amaas/graph";
import { type Tensor, tensor } from "@amaas/tensor";

/** `input` is that of the samples; `others` have the same number of rows, or one for all of them. */
export function forAnyBatch(graph: Graph, input: string, others: readonly string[] = []): Graph {
  const fixed = graph.inputs.find(({ name }) => name === input)?.shape[0];
  if (typeof fixed !== "number") return graph;
  const isOpened = ({ name, shape }: Graph["inputs"][number]) =>
    name === input || (others.includes(name) && shape.length > 1 && shape[0] === fixed);
  const types = inferTypes(graph);
  const sizes = new Map<string, Tensor>();
  const nodes = graph.nodes.map((node) => {
    const open = openSizes(node, types, fixed);
    if (!open) return node;
    const name = `${node.outputs[0]}/sizes of any batch`;
    sizes.set(name, tensor("INT64", [open.length], BigInt64Array.from(open, BigInt)));
    const { allowzero: _, ...attributes } = node.attributes;
    return { ...node, inputs: [node.inputs[0]!, name], attributes };
  });
  return {
    ...graph,
    inputs: graph.inputs.map((info) =>
      isOpened(info) ? { ...info, shape: info.shape.with(0, "?") } : info,
    ),
    outputs: graph.outputs.map((info) => ({ ...info, shape: info.shape.map(() => "?") })),
    values: (graph.values ?? []).map((info) =>
      info.shape[0] === fixed ? { ...info, shape: info.shape.with(0, "?") } : info,
    ),
    initializers: new Map([...graph.initializers, ...sizes]),
    nodes,
  };
}

/** The sizes of a Reshape, with 0 for the first: as it is in what goes in. */
function openSizes(
  { op, domain, inputs }: Node,
  types: ReadonlyMap<string, Known>,
  fixed: number,
): number[] | undefined {
  if (op !== "Reshape" || domain !== "") return undefined;
  const [given, sizes] = inputs.map((name) => types.get(name));
  const [first, ...rest] = sizes?.content ?? [];
  const known = rest.filter((size) => typeof size === "number");
  const isBatch = first === fixed && given?.shape?.[0] === fixed;
  // A 0 may mean a size of 0 here.
  if (!isBatch || known.length < rest.length || known.includes(0)) return undefined;
  return [0, ...known];
}
