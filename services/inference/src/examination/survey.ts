/**
 * What a model is made of, and whether it may be opened at all. Nothing is run; reading what is hostile
 * may take all memory or all stack, so it is done in a process of its own.
 */
import { DomainError } from "@amaas/errors";
import {
  type FunctionProto,
  type GraphProto,
  ModelProto,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { onnxTypeName, typeOfOnnx } from "@amaas/tensor";
import { type Fact, factOf, unknown } from "./facts.ts";
import { hazardOf, randomOperators } from "./hazards.ts";

export interface Survey {
  /** Why its runs belong in processes of their own; none if they do not. */
  readonly hazards: readonly string[];
  /** Whether it gives another answer every time. */
  readonly random: boolean;
}

/** Domains whose operators come with onnxruntime. */
const domains: ReadonlySet<string> = new Set([
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "com.microsoft",
  "com.microsoft.nchwc",
]);

const mostInputBytes = 2 ** 31;
/** A dozen reasons are as good as a thousand. */
const mostHazards = 12;

type Scope = Map<string, Fact>;

/** @throws invalid-argument naming what is not allowed. */
export function survey(bytes: Uint8Array): Survey {
  const model = read(bytes);
  if (!model.graph) refuse("it has no graph");
  return new Surveyor(model.functions).model(model.graph);
}

function read(bytes: Uint8Array): ModelProto {
  try {
    return ModelProto.decode(bytes);
  } catch (cause) {
    throw new DomainError("invalid-argument", "the model is refused: it cannot be read as ONNX", {
      cause,
    });
  }
}

class Surveyor {
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #hazards: string[] = [];
  #random = false;

  constructor(functions: readonly FunctionProto[]) {
    this.#functions = new Map(functions.map((f) => [nameOf(f.domain, f.name), f]));
  }

  model(graph: GraphProto): Survey {
    const constants = new Set(graph.initializer.map(({ name }) => name));
    for (const input of graph.input) {
      if (!constants.has(input.name)) checkCarried("input", input, "behind");
      checkSize(input);
    }
    for (const output of graph.output) checkCarried("output", output, "before");
    this.#graph(graph, new Map());
    // Of a local function nothing is known but its nodes.
    for (const { node } of this.#functions.values()) this.#nodes(node, new Map());
    return { hazards: this.#hazards, random: this.#random };
  }

  #graph(graph: GraphProto, outer: Scope): void {
    const scope = new Map(outer);
    for (const { name, type } of [...graph.valueInfo, ...graph.output, ...graph.input])
      if (type?.value?.$case === "tensorType")
        scope.set(name, { type: type.value.value.elemType, fed: true });
    for (const constant of graph.initializer) {
      checkHere(constant);
      scope.set(constant.name, { type: constant.dataType, fed: false, constant });
    }
    for (const { values, indices } of graph.sparseInitializer) {
      if (indices) checkHere(indices);
      if (!values) continue;
      checkHere(values);
      scope.set(values.name, { type: values.dataType, fed: false });
    }
    this.#nodes(graph.node, scope);
  }

  #nodes(nodes: readonly NodeProto[], scope: Scope): void {
    for (const node of nodes) {
      this.#checkOperator(node);
      const inputs = node.input.map((name) =>
        name === "" ? nothing : (scope.get(name) ?? unknown),
      );
      const hazard = hazardOf(node, inputs);
      if (hazard && this.#hazards.length < mostHazards) this.#hazards.push(hazard);
      if (randomOperators.has(node.opType)) this.#random = true;
      for (const { t, g, tensors, graphs } of node.attribute) {
        for (const tensor of t ? [t, ...tensors] : tensors) checkHere(tensor);
        for (const body of g ? [g, ...graphs] : graphs) this.#graph(body, scope);
      }
      const fact = factOf(node, inputs);
      for (const [at, name] of node.output.entries()) {
        const known = at === 0 || node.opType === "Split" ? fact : { ...fact, type: 0 };
        scope.set(name, withType(known, scope.get(name)));
      }
    }
  }

  #checkOperator({ domain, opType, name }: NodeProto): void {
    if (domains.has(domain) || this.#functions.has(nameOf(domain, opType))) return;
    refuse(
      `node '${name}' is ${domain}.${opType}, an operator that does not come with onnxruntime; wanted those of ai.onnx, ai.onnx.ml or com.microsoft`,
    );
  }
}

/** An optional input that is left out. */
const nothing: Fact = { type: 0, fed: false };

/** The type that the file declares, where the operator does not say. */
function withType(fact: Fact, declared: Fact | undefined): Fact {
  return fact.type === 0 && declared ? { ...fact, type: declared.type } : fact;
}

function checkHere({ name, dataLocation, externalData }: TensorProto): void {
  if (dataLocation !== TensorProto_DataLocation.EXTERNAL && externalData.length === 0) return;
  const location = externalData.find(({ key }) => key === "location")?.value ?? "";
  refuse(
    `tensor '${name}' is in another file, '${location.slice(0, 80)}'; wanted a model in one file, or weights in a file beside it in its version's folder`,
  );
}

/** Inside a model any type is onnxruntime's business; what goes in and comes out has to be carried to and from it. */
function checkCarried(kind: string, { name, type }: ValueInfoProto, where: string): void {
  if (type?.value?.$case !== "tensorType") return;
  const { elemType } = type.value.value;
  if (elemType === 0 || typeOfOnnx(elemType) !== undefined) return;
  refuse(
    `${kind} '${name}' is of type ${onnxTypeName(elemType)}, which onnxruntime's binding does not carry; wanted FP32, FP16 or another type of the protocol, with a Cast ${where} it in the model`,
  );
}

/** A trial feeds every input with the size that it declares, 1 where it leaves one open. */
function checkSize({ name, type }: ValueInfoProto): void {
  if (type?.value?.$case !== "tensorType") return;
  let elements = 1n;
  for (const { value } of type.value.value.shape?.dim ?? [])
    if (value?.$case === "dimValue" && value.value > 0n) elements *= value.value;
  if (elements * 8n > mostInputBytes)
    refuse(`input '${name}' declares ${elements} elements, more than any request may have`);
}

const nameOf = (domain: string, name: string): string => `${domain}:${name}`;

function refuse(why: string): never {
  throw new DomainError("invalid-argument", `the model is refused: ${why}`);
}
