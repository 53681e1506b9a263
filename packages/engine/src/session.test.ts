import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainError } from "@amaas/errors";
import { type DataType, type FixedType, type Tensor, tensor, zeros } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { openSession } from "./index.ts";
import { adder, identity, model, node, slow, value, withExternalData } from "./models.fixture.ts";

const floats = (shape: number[], ...data: number[]) =>
  tensor("FP32", shape, Float32Array.from(data));
const a = floats([1, 4], 1, 2, 3, 4);
const b = floats([1, 4], 10, 20, 30, 40);

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DomainError) return error;
  throw new Error(`wanted a DomainError, found ${error}`);
}

test("a session tells what its model takes and gives, and runs it", async () => {
  const session = await openSession(adder());
  expect(session.inputs).toEqual([
    { name: "a", type: "FP32", shape: ["rows", 4] },
    { name: "b", type: "FP32", shape: ["rows", 4] },
  ]);
  expect(session.outputs).toEqual([{ name: "sum", type: "FP32", shape: ["rows", 4] }]);
  expect(await session.run({ a, b })).toEqual({ sum: floats([1, 4], 11, 22, 33, 44) });
  expect(await session.run({ a, b }, ["sum"])).toEqual({ sum: floats([1, 4], 11, 22, 33, 44) });
  await session.release();
});

test("a type that onnxruntime-node cannot describe is named", async () => {
  const bfloat16 = 16;
  const brainFloats = { elemType: bfloat16, shape: { dim: [{}] } };
  const error = await refusal(
    openSession(
      model({
        input: [{ name: "in", type: { value: { $case: "tensorType", value: brainFloats } } }],
        output: [value("out", "FP32", ["n"])],
        node: [node("Cast", ["in"], ["out"], 1)],
      }),
    ),
  );
  expect(error.code).toBe("invalid-argument");
  expect(error.message).toContain("is of type BFLOAT16, which onnxruntime-node does not carry");
});

describe("element types", () => {
  const cases: { readonly [T in DataType]: Tensor<T> } = {
    BOOL: tensor("BOOL", [2], Uint8Array.of(1, 0)),
    UINT8: tensor("UINT8", [2], Uint8Array.of(0, 255)),
    UINT16: tensor("UINT16", [2], Uint16Array.of(0, 65535)),
    UINT32: tensor("UINT32", [2], Uint32Array.of(0, 4294967295)),
    UINT64: tensor("UINT64", [2], BigUint64Array.of(0n, 2n ** 64n - 1n)),
    INT8: tensor("INT8", [2], Int8Array.of(-128, 127)),
    INT16: tensor("INT16", [2], Int16Array.of(-32768, 32767)),
    INT32: tensor("INT32", [2], Int32Array.of(-1, 7)),
    INT64: tensor("INT64", [2], BigInt64Array.of(-(2n ** 63n), 5n)),
    FP16: tensor("FP16", [2], Uint16Array.of(0x3c00, 0xc000)),
    FP32: tensor("FP32", [2], Float32Array.of(0.1, -Infinity)),
    FP64: tensor("FP64", [2], Float64Array.of(0.1, 1e300)),
    BYTES: tensor("BYTES", [2], ["", "größer 🙂"]),
  };
  test.each(Object.values(cases))("$type passes through unchanged", async (sent) => {
    const session = await openSession(identity(sent.type));
    expect((await session.run({ in: sent })).out).toEqual(sent);
    await session.release();
  });

  test.each(["FP32", "FP16", "INT64", "BOOL"] satisfies FixedType[])(
    "%s is written in place",
    async (type) => {
      const session = await openSession(identity(type));
      const out = zeros(type, [2], { shared: true });
      await session.run({ in: cases[type] }, { out });
      expect(out.data).toEqual(cases[type].data);
    },
  );

  test("no elements are fine too", async () => {
    const session = await openSession(adder());
    const none = floats([0, 4]);
    expect(await session.run({ a: none, b: none })).toEqual({ sum: none });
  });
});

test("ranges of one shared vector serve as inputs and as outputs, without copies", async () => {
  const session = await openSession(adder());
  const vector = new Float32Array(new SharedArrayBuffer(4 * 13));
  vector.set([9, 1, 2, 3, 4, 10, 20, 30, 40, 0, 0, 0, 0]);
  const range = (from: number) => tensor("FP32", [1, 4], vector.subarray(from, from + 4));
  const sum = range(9);
  const results = await session.run({ a: range(1), b: range(5) }, { sum });
  expect(results.sum).toBe(sum);
  expect([...vector]).toEqual([9, 1, 2, 3, 4, 10, 20, 30, 40, 11, 22, 33, 44]);

  vector.set([5], 1);
  await session.run({ a: range(1), b: range(5) }, { sum });
  expect(vector[9]).toBe(15);
});

describe("what does not fit is refused with what was found and what was wanted", () => {
  test("feeds", async () => {
    const session = await openSession(adder());
    const integers = tensor("INT32", [1, 4], new Int32Array(4));
    const error = await refusal(session.run({ a: integers, c: a }));
    expect(error.code).toBe("invalid-argument");
    expect(error.violations).toEqual([
      { field: "a", description: "is INT32 [1, 4]; wanted FP32 [rows, 4]" },
      { field: "b", description: "is missing; wanted FP32 [rows, 4]" },
      { field: "c", description: "is no input of the model; it has a, b" },
    ]);
    expect(error.message).toContain('input "a" is INT32 [1, 4]; wanted FP32 [rows, 4]; input "b"');
    await expect(session.run({ a, b: floats([2, 2], 1, 2, 3, 4) })).rejects.toThrow(
      'input "b" is FP32 [2, 2]; wanted FP32 [rows, 4]',
    );
  });

  test("dimensions of one name that differ", async () => {
    const session = await openSession(adder());
    const two = floats([2, 4], 1, 2, 3, 4, 5, 6, 7, 8);
    const three = zeros("FP32", [3, 4]);
    const error = await refusal(session.run({ a: two, b: three }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toBe('input "b" has rows = 3; wanted 2 as in "a"');
  });

  test("fetches", async () => {
    const session = await openSession(adder());
    const of = (fetches: string[] | Record<string, Tensor>) =>
      refusal(session.run({ a, b }, fetches));
    expect((await of(["total"])).message).toBe(
      'output "total" is no output of the model; it has sum',
    );
    expect((await of([])).message).toContain("the model has sum");
    expect((await of({ sum: tensor("FP64", [1, 4], new Float64Array(4)) })).message).toBe(
      'output "sum" is given place as FP64 [1, 4]; wanted FP32 [rows, 4]',
    );
    const narrow = await of({ sum: floats([0, 4]) });
    expect(narrow.message).toContain("has shape {0,4} but the computed output shape");

    const text = await openSession(identity("BYTES"));
    const words = tensor("BYTES", [1], ["x"]);
    await expect(text.run({ in: words }, { out: words })).rejects.toThrow("written in place");
  });

  test.each([
    ["no bytes", new Uint8Array(0)],
    ["noise", Uint8Array.of(1, 2, 3, 4)],
    ["half a model", adder().subarray(0, 60)],
    ["an unknown operator", model({ node: [node("Nonsense", [], ["x"])] })],
    [
      "text where numbers belong",
      model({
        input: [value("a", "BYTES", [1])],
        output: [value("b", "BYTES", [1])],
        node: [node("Neg", ["a"], ["b"])],
      }),
    ],
  ])("a model that is %s", async (_, bytes) => {
    const error = await refusal(openSession(bytes));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toMatch(/^cannot open the model: ./);
  });

  test("a model whose output is no tensor", async () => {
    const bytes = model({
      input: [value("a", "FP32", [1])],
      output: [
        {
          name: "list",
          type: {
            value: {
              $case: "sequenceType",
              value: { elemType: value("", "FP32", [1]).type ?? {} },
            },
          },
        },
      ],
      node: [node("SequenceConstruct", ["a"], ["list"])],
    });
    await expect(openSession(bytes)).rejects.toThrow('output "list" is no tensor');
  });
});

test("a model cannot read files, wherever it says its weights are", async () => {
  const folder = mkdtempSync(join(tmpdir(), "amaas-engine-"));
  const home = process.cwd();
  try {
    writeFileSync(join(folder, "weights"), new Float32Array([1, 2, 3, 4]));
    process.chdir(folder);
    for (const location of ["weights", "./weights", join(folder, "weights"), "../weights"])
      for (const optimization of ["disabled", "all"] as const) {
        const error = await refusal(openSession(withExternalData(location), { optimization }));
        expect(error.code).toBe("invalid-argument");
        expect(error.message).toMatch(/External data path/);
      }
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  }
});

test("a model in shared memory opens as well", async () => {
  const bytes = adder();
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const session = await openSession(shared);
  expect((await session.run({ a, b })).sum).toEqual(floats([1, 4], 11, 22, 33, 44));
});

test("release waits for the runs under way and ends the session", async () => {
  const session = await openSession(slow(3));
  const running = session.run({ a: zeros("FP32", [512, 512]) });
  await Promise.all([session.release(), session.release()]);
  expect((await running).product?.shape).toEqual([512, 512]);
  const error = await refusal(session.run({ a: zeros("FP32", [512, 512]) }));
  expect(error.code).toBe("failed-precondition");
});
