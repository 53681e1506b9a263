/** Files that somebody may call a model: broken, greedy, curious. */
import { graphBuilder, writeModel } from "@amaas/graph";
import {
  type GraphProto,
  ModelProto,
  TensorProto,
  TensorProto_DataLocation,
} from "@amaas/proto/onnx/onnx";

/** y = factor x, over rows of four. */
export function scaling(factor: number): Uint8Array {
  const g = graphBuilder("scaling");
  const x = g.input("x", "FP32", ["rows", 4]);
  g.output("y", g.mul(x, g.scalar(factor, x)));
  return writeModel(g.model());
}

const int64 = 7;
const huge = 2n ** 45n;

export const hostileModels: Readonly<Record<string, Uint8Array>> = {
  "what is no model": new TextEncoder().encode("#!/bin/sh\nrm -rf /\n"),
  nothing: new Uint8Array(0),
  "half a model": scaling(2).subarray(0, 40),
  "random bytes": Uint8Array.from({ length: 4_096 }, (_, at) => (at * 2_654_435_761) >>> 13),
  "a length beyond its end": Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f),
  "a graph in a graph, ten thousand deep": nested(10_000),
  "a tensor of a hundred terabytes": changed((_, factor) => {
    factor.dims = [huge];
  }),
  "a tensor from another file": changed((_, factor) => {
    factor.rawData = new Uint8Array();
    factor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    factor.externalData = [{ key: "location", value: "../../../../../../etc/passwd" }];
  }),
  "an output of a hundred terabytes": changed((graph) => {
    const rawData = new Uint8Array(BigInt64Array.of(huge).buffer);
    graph.initializer.push(
      TensorProto.fromPartial({ name: "size", dims: [1n], dataType: int64, rawData }),
    );
    graph.node = [node("ConstantOfShape", ["size"], ["y"])];
  }),
  "an operator that nobody knows": changed((graph) => {
    graph.node = [node("Explode", ["x"], ["y"])];
  }),
  "a value that is computed from itself": changed((graph) => {
    graph.node = [node("Add", ["x", "y"], ["y"])];
  }),
  "an output that nothing computes": changed((graph) => {
    graph.node = [];
  }),
};

function changed(change: (graph: GraphProto, factor: TensorProto) => void): Uint8Array {
  const model = ModelProto.decode(scaling(2));
  const [factor] = model.graph?.initializer ?? [];
  if (!model.graph || !factor) throw new Error("the model has no graph, or no factor");
  change(model.graph, factor);
  return ModelProto.encode(model).finish();
}

function node(opType: string, input: string[], output: string[]) {
  return {
    opType,
    input,
    output,
    name: opType,
    attribute: [],
    docString: "",
    domain: "",
    overload: "",
  };
}

/** ModelProto.graph = 7, GraphProto.node = 1, NodeProto.attribute = 5, AttributeProto.g = 6. */
function nested(depth: number): Uint8Array {
  let inner = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) inner = field(1, field(5, field(6, inner)));
  return field(7, inner);
}

function field(number: number, content: Uint8Array): Buffer<ArrayBuffer> {
  const head = [(number << 3) | 2];
  let left = content.length;
  for (; left > 127; left = Math.floor(left / 128)) head.push((left % 128) | 128);
  return Buffer.concat([Uint8Array.from([...head, left]), content]);
}
