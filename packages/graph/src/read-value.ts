/** What a file declares of values: types and shapes, or nothing, where they follow from the rest. */
import type { GraphProto, TensorProto, ValueInfoProto } from "@amaas/proto/onnx/onnx";
import { type DataType, onnxTypeName, typeOfOnnx } from "@amaas/tensor";
import type { Dimension, Graph, Node, ValueInfo } from "./graph.ts";
import { type Find, inferTypes, type Known, nothingKnown } from "./infer.ts";
import { misfit } from "./misfit.ts";
import type { Scope } from "./read-scope.ts";
import { readShape } from "./read-tensor.ts";
import { mostAxes, unknownDimension } from "./shape.ts";
import { subgraphsOf } from "./subgraph.ts";

/** Whether the type and the rank of a value are declared. */
export function isComplete({ type }: ValueInfoProto): boolean {
  return type?.value?.$case === "tensorType" && type.value.value.shape !== undefined;
}

function declaredType({ name, type }: ValueInfoProto): DataType | undefined {
  if (!type?.value) return undefined;
  if (type.value.$case !== "tensorType") return notATensor(name);
  const { elemType } = type.value.value;
  if (elemType === 0) return undefined;
  return (
    typeOfOnnx(elemType) ??
    misfit(
      `"${name}" has the element type ${onnxTypeName(elemType)}, which is not carried; FP32 is everywhere`,
    )
  );
}

function notATensor(name: string): never {
  return misfit(
    `"${name}" is not declared as a tensor; of a scikit-learn classifier, convert it with zipmap=False`,
  );
}

export function readValue(proto: ValueInfoProto, scope: Scope): ValueInfo {
  const { name, type } = proto;
  const found = declaredType(proto) ?? notATensor(name);
  const shape = type?.value?.$case === "tensorType" ? type.value.value.shape : undefined;
  if (!shape) return misfit(`"${name}" is declared without a shape`);
  if (shape.dim.length > mostAxes)
    misfit(`"${name}" has ${shape.dim.length} axes, more than the ${mostAxes} allowed`);
  const sizes = shape.dim.map((dimension): Dimension => {
    if (dimension.value?.$case === "dimParam") return dimension.value.value || unknownDimension;
    return dimension.value ? size(name, dimension.value.value) : unknownDimension;
  });
  return { name: scope.rename(name), type: found, shape: sizes };
}

/** Some exporters write -1 for a size that is not known. */
function size(name: string, value: bigint): Dimension {
  if (value === -1n) return unknownDimension;
  if (value < 0n || value > Number.MAX_SAFE_INTEGER)
    misfit(`"${name}" is declared with the size ${value}`);
  return Number(value);
}

/** What a graph and those around it declare of their values, gathered when somebody asks. */
export function declaredIn(proto: GraphProto, around: Scope): Find {
  let declared: Map<string, Known> | undefined;
  return (name) => {
    declared ??= new Map([
      ...proto.initializer.map((each) => [around.rename(each.name), declaredTensor(each)] as const),
      ...[...proto.input, ...proto.valueInfo]
        .filter(isComplete)
        .map((value) => [around.rename(value.name), readValue(value, around)] as const),
    ]);
    return declared.get(name) ?? around.find(name);
  };
}

function declaredTensor({ dataType, dims }: TensorProto): Known {
  const type = typeOfOnnx(dataType);
  return type ? { type, shape: readShape(dims) } : nothingKnown;
}

/** Outputs may leave their shape, in the graphs inside nodes also their type, to be worked out. */
export function readOutputs(
  protos: readonly ValueInfoProto[],
  graph: Omit<Graph, "outputs">,
  scope: Scope,
): readonly ValueInfo[] {
  let types: ReadonlyMap<string, Known> | undefined;
  return protos.map((proto) => {
    if (isComplete(proto)) return readValue(proto, scope);
    types ??= inferTypes({ ...graph, outputs: [], nodes: plainNodes(graph, scope) }, scope.find);
    const name = scope.rename(proto.name);
    const { type, shape } = types.get(name) ?? nothingKnown;
    const declared = declaredType(proto);
    if (!type || !shape)
      return misfit(`output "${name}" is declared without a shape, and none follows`);
    if (declared && declared !== type)
      misfit(`output "${name}" is ${type}, but it is declared as ${declared}`);
    return { name, type, shape };
  });
}

/** Inside other graphs only what follows without looking deeper: bodies in bodies would be looked into again and again. */
function plainNodes({ nodes }: Pick<Graph, "nodes">, { depth }: Scope): readonly Node[] {
  return depth === 0 ? nodes : nodes.filter((node) => subgraphsOf(node).length === 0);
}
