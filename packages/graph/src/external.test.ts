/** Weights in files beside the model: read from them, and written to them. */
import { type DeepPartial, ModelProto, type TensorProto } from "@amaas/proto/onnx/onnx";
import { type Tensor, tensor, toRaw } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  graphBuilder,
  type Model,
  readModel,
  tensorOf,
  writeModel,
  writeModelWithData,
} from "./index.ts";
import { modelBytes, node, valueProto } from "./messages.fixture.ts";

type Entries = Readonly<Record<string, string>>;

/** y = x + w, four floats that the model keeps elsewhere. */
function adder(entries: Entries, more: DeepPartial<TensorProto> = {}): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  const w = { name: "w", dims: [4n], dataType: 1, dataLocation: 1 as const, externalData, ...more };
  const graph = {
    node: [node("Add", ["x", "w"], ["y"])],
    input: [valueProto("x", "FP32", [4])],
    output: [valueProto("y", "FP32", [4])],
    initializer: [w],
  };
  return modelBytes(graph, { opset: 23 });
}

const numbers = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
const readWeights = (file: Uint8Array, bytes = numbers) =>
  readModel(file, { external: () => bytes }).graph.initializers.get("w")!;

describe("reading", () => {
  test.each<[string, Entries, readonly number[]]>([
    ["from the start", { location: "w.bin" }, [0, 1, 2, 3]],
    ["from an offset", { location: "w.bin", offset: "8", length: "16" }, [2, 3, 4, 5]],
    ["in a folder further in", { location: "data/w.bin", offset: "0" }, [0, 1, 2, 3]],
  ])("%s", (_, entries, wanted) => {
    expect([...readWeights(adder(entries)).data]).toEqual(wanted);
  });

  test("opens a file once, and copies nothing of it", () => {
    const asked: string[] = [];
    const weight = { dims: [1n], dataType: 1, dataLocation: 1 as const };
    const at = (location: string) => [{ key: "location", value: location }];
    const initializer = [
      { ...weight, name: "a", externalData: at("w.bin") },
      { ...weight, name: "b", externalData: at(".//./w.bin") },
    ];
    const { graph } = readModel(
      modelBytes({ initializer, output: [valueProto("a", "FP32", [1])] }, { opset: 23 }),
      {
        external(location) {
          asked.push(location);
          return numbers;
        },
      },
    );
    expect(asked).toEqual(["w.bin"]);
    for (const value of graph.initializers.values())
      expect(toRaw(value).buffer).toBe(numbers.buffer);
  });

  test("tensors may share bytes, but not all of a large file again and again", () => {
    const sharedBy = (count: number): Uint8Array => {
      const externalData = [{ key: "location", value: "w.bin" }];
      const mask = { dims: [2n ** 27n], dataType: 2, dataLocation: 1 as const, externalData };
      const initializer = Array.from({ length: count }, (_, i) => ({ ...mask, name: `m${i}` }));
      return modelBytes({ initializer }, { opset: 23 });
    };
    const bytes = new Uint8Array(2 ** 27);
    const read = (count: number) => readModel(sharedBy(count), { external: () => bytes });
    expect(read(16).graph.initializers.size).toBe(16);
    expect(() => read(17)).toThrow(/bytes of "w.bin" are shared by too many tensors/);
  });

  test("tells what is missing when nobody hands over the file", () => {
    expect(() => readModel(adder({ location: "big.bin" }))).toThrow(
      'initializer "w": its data is in the file "big.bin": hand over that file\'s bytes',
    );
  });

  test.each<[string, Entries, string, DeepPartial<TensorProto>?]>([
    ["no location", {}, "location of its data is not given"],
    ["an empty location", { location: "" }, "location of its data is not given"],
    ["a location that is no file", { location: "./" }, "is no file"],
    ["a path from the root", { location: "/etc/passwd" }, "outside the folder"],
    ["a path out of the folder", { location: "a/../../b" }, "outside the folder"],
    ["a path of Windows", { location: "a\\..\\b" }, "outside the folder"],
    ["a drive", { location: "C:b" }, "outside the folder"],
    ["a zero in the path", { location: "a\0b" }, "outside the folder"],
    ["an offset beyond the file", { location: "w", offset: "9" }, "bytes 9 to 25"],
    ["a huge offset", { location: "w", offset: `${2 ** 52}` }, "which has 24"],
    [
      "an offset that is no number",
      { location: "w", offset: "1e1" },
      'the offset of its data is "1e1"',
    ],
    ["a negative offset", { location: "w", offset: "-4" }, 'the offset of its data is "-4"'],
    ["an offset of many digits", { location: "w", offset: "9".repeat(40) }, "no whole number"],
    ["another length", { location: "w", length: "12" }, "take 16 bytes, but 12"],
    ["a huge shape", { location: "w" }, "which has 24", { dims: [2n ** 50n] }],
    ["text", { location: "w" }, "where text cannot be", { dataType: 8 }],
  ])("refuses %s", (_, entries, wanted, more) => {
    expect(() => readWeights(adder(entries, more))).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining(wanted),
      }),
    );
  });
});

/** What a caller would write to disk. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces);
}

function modelOfWeights(weights: readonly Tensor[]): Model {
  const g = graphBuilder("weights");
  const values = weights.map((weight, index) => g.initializer(`w${index}`, weight));
  values.forEach((value, index) => {
    g.output(`y${index}`, g.identity(value));
  });
  return g.model();
}

const entriesOf = ({ externalData = [] }: TensorProto) =>
  Object.fromEntries(externalData.map(({ key, value }) => [key, value]));

describe("writing", () => {
  test("what is written is read again, whatever lies where", () => {
    const weight = fc
      .tuple(fc.constantFrom("FP32", "INT64", "UINT8", "FP64"), fc.nat(300))
      .map(([type, count]) => tensorOf(type, [count], new Array<number>(count).fill(count % 7)));
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 6 }),
        fc.nat(600),
        (list, threshold) => {
          const model = modelOfWeights(list);
          const written = writeModelWithData(model, { location: "w.bin", threshold });
          const data = joined(written.data);
          expect(readModel(written.model, { external: () => data })).toEqual(model);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("large tensors begin at a page, others at 64 bytes, small ones stay in the model", () => {
    const sizes = [2, 300, 2 ** 19, 300, 2 ** 18];
    const weights = sizes.map((size) => tensor("FP32", [size], new Float32Array(size)));
    const written = writeModelWithData(modelOfWeights(weights), { location: "w.bin" });
    const entries = ModelProto.decode(written.model).graph!.initializer.map(entriesOf);
    const places = entries.map(({ offset, length }) => [offset, length].map(Number));
    expect(places).toEqual([
      [Number.NaN, Number.NaN],
      [0, 1200],
      [4096, 2 ** 21],
      [4096 + 2 ** 21, 1200],
      [8192 + 2 ** 21, 2 ** 20],
    ]);
    expect(entries[0]).toEqual({});
    expect(joined(written.data)).toHaveLength(8192 + 2 ** 21 + 2 ** 20);
  });

  test("the pieces are the tensors themselves", () => {
    const weight = tensor("FP32", [1024], new Float32Array(1024));
    const { data } = writeModelWithData(modelOfWeights([weight]), { location: "w.bin" });
    expect(data.map(({ buffer }) => buffer)).toEqual([weight.data.buffer]);
  });

  test("a location that no reader may take is refused", () => {
    const model = modelOfWeights([tensorOf("FP32", [1], [1])]);
    for (const location of ["", "../w.bin", "/tmp/w.bin"])
      expect(() => writeModelWithData(model, { location })).toThrow(/location of its data/);
  });
});

test("a model of 2 GiB is refused, unless its weights go elsewhere", () => {
  // One piece of memory that nothing is ever written to, so that it takes no room.
  const half = tensor("UINT8", [2 ** 30], new Uint8Array(2 ** 30));
  const model = modelOfWeights([half, half]);
  expect(() => writeModel(model)).toThrow(
    expect.objectContaining({
      code: "invalid-argument",
      message: expect.stringContaining("write it with writeModelWithData"),
    }),
  );
  const { data } = writeModelWithData(model, { location: "w.bin" });
  expect(data.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(2 ** 31);
});
