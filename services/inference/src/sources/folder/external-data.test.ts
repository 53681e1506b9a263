import { graphBuilder, readModel, writeModel, writeModelWithData } from "@amaas/graph";
import { type DeepPartial, ModelProto, type TensorProto } from "@amaas/proto/onnx/onnx";
import { tensor } from "@amaas/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assemblyOf } from "./external-data.ts";
import type { Place } from "./file-look.ts";
import { locationsOf, type ModelFile, modelFiles } from "./model-files.ts";

function inMemory(bytes: Uint8Array): ModelFile {
  return {
    bytes: bytes.byteLength,
    digest: async () => `${bytes.byteLength}:${bytes.join()}`,
    read: async () => bytes,
    async readPlaces(places: readonly Place[]) {
      for (const { target, offset } of places)
        target.set(bytes.subarray(offset, offset + target.byteLength));
    },
  };
}

async function oneFile(model: Uint8Array, files: Readonly<Record<string, Uint8Array>>) {
  const found = await modelFiles(inMemory(model), locationsOf(model), (name) =>
    inMemory(files[name]!),
  );
  return { ...found, model: await found.read() };
}

/** A model with weights of these lengths. */
function weighty(lengths: readonly number[]) {
  const g = graphBuilder("weighty");
  const x = g.input("x", "FP32", ["rows", 1]);
  const sums = lengths.map((length, at) => {
    const data = Float32Array.from({ length }, (_, index) => at + index / 7);
    const w = g.initializer(`w${at}`, tensor("FP32", [length], data));
    return g.reduceSum(w, [0], { keepdims: true });
  });
  g.output(
    "y",
    sums.reduce((sum, more) => g.add(sum, more), x),
  );
  return g.model();
}

test("whatever is in the data file, the one file is the model that it was written from", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 1000 }),
      async (lengths, threshold) => {
        const model = weighty(lengths);
        const { model: file, data } = writeModelWithData(model, { location: "w.bin", threshold });
        const whole = await oneFile(file, { "w.bin": Buffer.concat(data) });
        expect(writeModel(readModel(whole.model))).toEqual(writeModel(model));
      },
    ),
    { numRuns: 60 },
  );
});

test("a model in one file is left as it is", () => {
  const bytes = writeModel(weighty([3]));
  const { pieces } = assemblyOf(bytes);
  expect(pieces).toEqual([bytes]);
  expect(locationsOf(bytes)).toEqual([]);
});

test("another byte of the data is another digest, and so is another file for it", async () => {
  const { model, data } = writeModelWithData(weighty([9]), { location: "w.bin", threshold: 1 });
  const bytes = Buffer.concat(data);
  const changed = Buffer.from(bytes);
  changed[5]! ^= 1;
  const digests = [bytes, changed].map(
    async (file) => (await oneFile(model, { "w.bin": file })).digest,
  );
  expect(new Set(await Promise.all(digests)).size).toBe(2);
});

/** One weight of four floats that says this of where it is. */
function claiming(entries: Record<string, string>, more: DeepPartial<TensorProto> = {}) {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  const weight = { name: "w", dims: [4n], dataType: 1, dataLocation: 1 as const, externalData };
  return ModelProto.encode(
    ModelProto.fromPartial({
      irVersion: 8n,
      opsetImport: [{ version: 21n }],
      graph: { initializer: [{ ...weight, ...more }] },
    }),
  ).finish();
}

const file = { "w.bin": new Uint8Array(20).fill(1) };

test("offset and length may be left out, and say where the bytes are", async () => {
  const weightOf = async (model: Uint8Array) => {
    const whole = await oneFile(model, { "w.bin": Uint8Array.from({ length: 20 }, (_, at) => at) });
    const [weight] = ModelProto.decode(whole.model).graph?.initializer ?? [];
    expect(weight).toMatchObject({ name: "w", dims: [4n], dataLocation: 0, externalData: [] });
    return weight?.rawData[0];
  };
  expect(await weightOf(claiming({ location: "w.bin" }))).toBe(0);
  expect(await weightOf(claiming({ location: "w.bin", offset: "4", length: "16" }))).toBe(4);
});

test.each<[string, Record<string, string>, DeepPartial<TensorProto>, string]>([
  ["a folder above", { location: "../w.bin" }, {}, "wanted the plain name of a file beside"],
  ["a path", { location: "/etc/passwd" }, {}, "wanted the plain name"],
  ["another system's path", { location: "..\\w.bin" }, {}, "wanted the plain name"],
  ["a folder below", { location: "more/w.bin" }, {}, "wanted the plain name"],
  ["no file", {}, {}, "wanted the plain name"],
  ["a negative offset", { location: "w.bin", offset: "-4" }, {}, "its offset is '-4'"],
  ["an offset that is none", { location: "w.bin", offset: "1e1" }, {}, "its offset is '1e1'"],
  ["what is behind the end", { location: "w.bin", offset: "8" }, {}, "bytes 8 to 24 of 'w.bin'"],
  ["another length", { location: "w.bin", length: "8" }, {}, "its type and shape take 16 bytes"],
  ["sizes below 0", { location: "w.bin" }, { dims: [-4n] }, "shape take -16 bytes"],
  ["text", { location: "w.bin", length: "8" }, { dataType: 8 }, "cannot be kept there"],
  ["nobody knows how much", { location: "w.bin" }, { dataType: 16 }, "its length is not given"],
  ["two places", { location: "w.bin" }, { rawData: new Uint8Array(16) }, "in the model, too"],
  ["endless sizes", { location: "w.bin" }, { dims: Array(40).fill(2n ** 40n) }, "bytes"],
])("a weight that is in %s is refused", async (_, entries, more, why) => {
  await expect(async () => oneFile(claiming(entries, more), file)).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining(why),
  });
});

test("many tensors of the same bytes are refused before memory is taken", async () => {
  const dims = [2n ** 22n];
  const [tensor] = ModelProto.decode(claiming({ location: "w.bin" }, { dims })).graph!.initializer;
  const bomb = (count: number) =>
    ModelProto.encode(
      ModelProto.fromPartial({ graph: { initializer: Array(count).fill(tensor) } }),
    ).finish();
  const small = { "w.bin": new Uint8Array(2 ** 24) };
  await expect(oneFile(bomb(17), small)).rejects.toThrow("shared by too many tensors");
  await expect(async () => oneFile(bomb(200), small)).rejects.toThrow("wanted at most 2147483647");
});

test.each([
  ["random bytes", Uint8Array.from({ length: 200 }, (_, at) => (at * 101) % 256)],
  ["a group", Uint8Array.of(0x0b, 0x0b, 0x0b)],
  ["a number without an end", new Uint8Array(1000).fill(0x80)],
  ["a graph that ends too late", Uint8Array.of(0x3a, 0x7f, 0)],
])("%s is no model", (_, bytes) => {
  expect(() => assemblyOf(bytes)).toThrow("cannot be read as ONNX");
});

test("scanning ends, however many fields there are", () => {
  const graph = Buffer.alloc(2 ** 20, Uint8Array.of(0x0a, 0));
  const head = Uint8Array.of(0x3a, 0x80, 0x80, 0x40);
  expect(() => assemblyOf(Buffer.concat([head, graph]))).toThrow("more than 262144 fields");
});
