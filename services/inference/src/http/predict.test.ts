import { ModelInferResponse, ModelMetadataResponse } from "@amaas/proto/inference/grpc_service";
import { type DataType, fromRaw, tensor, toRaw } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { predictionsReply, readInstances } from "./predict.ts";

const about = (...inputs: [name: string, datatype: string][]) =>
  ModelMetadataResponse.fromPartial({
    inputs: inputs.map(([name, datatype]) => ({ name, datatype })),
  });

function read(json: unknown, metadata: ModelMetadataResponse) {
  const body = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
  const request = readInstances(body, { model: "m", version: "" }, metadata);
  return request.inputs.map(({ name, datatype, shape }, index) => {
    const { data } = fromRaw(
      datatype as DataType,
      shape.map(Number),
      request.rawInputContents[index]!,
    );
    return [name, shape.map(Number), [...data]];
  });
}

describe("instances", () => {
  const one = about(["x", "FP32"]);
  const two = about(["id", "INT64"], ["text", "BYTES"]);

  test("are the rows of the only input", () => {
    expect(
      read(
        {
          instances: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        },
        one,
      ),
    ).toEqual([["x", [3, 2], [1, 2, 3, 4, 5, 6]]]);
    expect(read({ instances: [1, 2] }, one)).toEqual([["x", [2], [1, 2]]]);
    expect(read({ instances: [[[[1]], [[2]]]] }, one)).toEqual([["x", [1, 2, 1, 1], [1, 2]]]);
    expect(read({ instances: [] }, one)).toEqual([["x", [0], []]]);
  });

  test("are objects of several, in any order, with all digits", () => {
    const rows = '{"text":["a"],"id":9223372036854775807},{"id":-1,"text":["9223372036854775807"]}';
    expect(read(`{"instances":[${rows}]}`, two)).toEqual([
      ["id", [2], [2n ** 63n - 1n, -1n]],
      ["text", [2, 1], ["a", "9223372036854775807"]],
    ]);
  });

  test.each([
    [{}, "Unable to parse 'instances'"],
    [{ instances: { a: 1 } }, "Unable to parse 'instances'"],
    [{ instances: [[1, 2], [3]] }, "has 3 of 4 elements"],
    [{ instances: [[1], [2, 3]] }, "has more than 2 elements"],
    [{ instances: [Array(100).fill(1), ...Array(100).fill([])] }, "are not of one shape"],
    [{ instances: [{ y: 1 }] }, "instances[0] has no value for input 'x'"],
    [{ instances: [["one"]] }, 'found "one"'],
    [`{"instances":${"[".repeat(100)}${"]".repeat(100)}}`, "nested more than 64 deep"],
  ])("%j is refused", (json, why) => {
    expect(() => read(json, one)).toThrow(why);
  });

  test("one value for two inputs is refused", () => {
    expect(() => read({ instances: [[1]] }, two)).toThrow("one value for 2 inputs");
  });
});

describe("predictions", () => {
  const response = (...outputs: [string, number[], DataType, Uint8Array][]) =>
    ModelInferResponse.fromPartial({
      outputs: outputs.map(([name, shape, datatype]) => ({
        name,
        datatype,
        shape: shape.map(BigInt),
      })),
      rawOutputContents: outputs.map(([, , , raw]) => raw),
    });
  const text = (of: ModelInferResponse) =>
    Buffer.concat(predictionsReply(of, 1000).body).toString();
  const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);

  test("are the rows of the only output, nested as it is", () => {
    expect(text(response(["y", [2, 2], "FP32", floats(1, 2, 3, 4)]))).toBe(
      '{"predictions":[[1,2],[3,4]]}',
    );
    expect(text(response(["y", [2], "FP32", floats(1, Number.NaN)]))).toBe(
      '{"predictions":[1,NaN]}',
    );
    expect(text(response(["y", [1, 2, 2], "FP32", floats(1, 2, 3, 4)]))).toBe(
      '{"predictions":[[[1,2],[3,4]]]}',
    );
    expect(text(response(["y", [0, 2], "FP32", floats()]))).toBe('{"predictions":[]}');
  });

  test("are objects of several", () => {
    const texts = toRaw(tensor("BYTES", [2, 1], ["a,[", '"']));
    const bits = new Uint8Array([1, 0]);
    expect(
      JSON.parse(text(response(["t", [2, 1], "BYTES", texts], ["b", [2], "BOOL", bits]))),
    ).toEqual({
      predictions: [
        { t: ["a,["], b: true },
        { t: ['"'], b: false },
      ],
    });
  });

  test("must have a row for each, and not be too large for JSON", () => {
    const uneven = response(["a", [2], "FP32", floats(1, 2)], ["b", [1], "FP32", floats(1)]);
    expect(() => text(uneven)).toThrow("no row for each instance");
    const large = response(["a", [1000], "BOOL", new Uint8Array(1000)]);
    expect(() => text(large)).toThrow("too large for JSON");
  });
});
