/** Small models for the tests, written straight from ONNX's messages. */
import {
  AttributeProto_AttributeType,
  type DeepPartial,
  type GraphProto,
  ModelProto,
  type NodeProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { type DataType, onnxTypeOf } from "@amaas/tensor";

type Shape = readonly (number | string)[];

export function model(graph: DeepPartial<GraphProto>): Uint8Array {
  return ModelProto.encode(
    ModelProto.fromPartial({
      irVersion: 11n,
      opsetImport: [{ domain: "", version: 23n }],
      graph: { name: "test", ...graph },
    }),
  ).finish();
}

export function value(name: string, type: DataType, shape: Shape): DeepPartial<ValueInfoProto> {
  const dim = shape.map((size) => ({
    value:
      typeof size === "number"
        ? { $case: "dimValue" as const, value: BigInt(size) }
        : { $case: "dimParam" as const, value: size },
  }));
  return {
    name,
    type: { value: { $case: "tensorType", value: { elemType: onnxTypeOf(type), shape: { dim } } } },
  };
}

export function node(
  opType: string,
  input: string[],
  output: string[],
  to?: number,
): DeepPartial<NodeProto> {
  const attribute =
    to === undefined ? [] : [{ name: "to", type: AttributeProto_AttributeType.INT, i: BigInt(to) }];
  return { opType, name: `${opType} ${output[0]}`, input, output, attribute };
}

/** sum = a + b, over rows of four. */
export function adder(): Uint8Array {
  return model({
    input: [value("a", "FP32", ["rows", 4]), value("b", "FP32", ["rows", 4])],
    output: [value("sum", "FP32", ["rows", 4])],
    node: [node("Add", ["a", "b"], ["sum"])],
  });
}

/** out = in, of any type and length. */
export function identity(type: DataType): Uint8Array {
  return model({
    input: [value("in", type, ["n"])],
    output: [value("out", type, ["n"])],
    node: [node("Identity", ["in"], ["out"])],
  });
}

/** `count` products of 512 x 512 matrices one after the other: some milliseconds each. */
export function slow(count: number): Uint8Array {
  return model({
    input: [value("a", "FP32", [512, 512])],
    output: [value("product", "FP32", [512, 512])],
    node: Array.from({ length: count }, (_, i) =>
      node("MatMul", [i === 0 ? "a" : `p${i}`, "a"], [i === count - 1 ? "product" : `p${i + 1}`]),
    ),
  });
}

/** y = x w, with weights w of 1 MiB that are 0, 1, 2 .. 255 time and again. */
export function weighted(): Uint8Array {
  const size = 512;
  const w = Float32Array.from({ length: size * size }, (_, at) => at & 255);
  return model({
    input: [value("x", "FP32", ["rows", size])],
    output: [value("y", "FP32", ["rows", size])],
    node: [node("MatMul", ["x", "w"], ["y"])],
    initializer: [
      {
        name: "w",
        dims: [BigInt(size), BigInt(size)],
        dataType: onnxTypeOf("FP32"),
        rawData: new Uint8Array(w.buffer),
      },
    ],
  });
}

/** y = x + `count`, one by one: as long a run as it is asked for. */
export function counting(): Uint8Array {
  const body: DeepPartial<GraphProto> = {
    name: "body",
    input: [value("i", "INT64", []), value("go", "BOOL", []), value("before", "FP32", ["n"])],
    output: [value("goes", "BOOL", []), value("after", "FP32", ["n"])],
    initializer: [{ name: "one", dims: [], dataType: onnxTypeOf("FP32"), floatData: [1] }],
    node: [node("Identity", ["go"], ["goes"]), node("Add", ["before", "one"], ["after"])],
  };
  const loop = node("Loop", ["count", "", "x"], ["y"]);
  return model({
    input: [value("x", "FP32", ["n"]), value("count", "INT64", [])],
    output: [value("y", "FP32", ["n"])],
    node: [
      { ...loop, attribute: [{ name: "body", type: AttributeProto_AttributeType.GRAPH, g: body }] },
    ],
  });
}

/** quotient = a / b of whole numbers: where it does not fit, the processor itself ends the process. */
export function dividing(): Uint8Array {
  return model({
    input: [value("a", "INT32", ["n"]), value("b", "INT32", ["n"])],
    output: [value("quotient", "INT32", ["n"])],
    node: [node("Div", ["a", "b"], ["quotient"])],
  });
}

/** As many zeros as it is asked for. */
export function filling(): Uint8Array {
  return model({
    input: [value("shape", "INT64", [1])],
    output: [value("sum", "FP32", [1])],
    node: [node("ConstantOfShape", ["shape"], ["zeros"]), node("ReduceSum", ["zeros"], ["sum"])],
  });
}

/** Adds four floats that the model claims to keep in a file. */
export function withExternalData(location: string): Uint8Array {
  return model({
    input: [value("a", "FP32", [4])],
    output: [value("sum", "FP32", [4])],
    node: [node("Add", ["a", "w"], ["sum"])],
    initializer: [
      {
        name: "w",
        dims: [4n],
        dataType: onnxTypeOf("FP32"),
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [
          { key: "location", value: location },
          { key: "length", value: "16" },
        ],
      },
    ],
  });
}
