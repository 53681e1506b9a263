import { type GraphBuilder, graphBuilder, writeModel, writeModelWithData } from "@amaas/graph";
import { ModelProto } from "@amaas/proto/onnx/onnx";
import { tensor } from "@amaas/tensor";
import { afterAll, expect, test, vi } from "vitest";
import { Examiner, type Limits, type Verdict } from "./examiner.ts";

// Starting a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const examiner = new Examiner();
afterAll(() => examiner.close());

function examine(model: Uint8Array, by = examiner): Promise<Verdict> {
  return by.examine({ model, bytes: model.byteLength });
}

async function withLimits<T>(limits: Partial<Limits>, work: (by: Examiner) => Promise<T>) {
  const by = new Examiner(limits);
  try {
    return await work(by);
  } finally {
    await by.close();
  }
}

function model(make: (g: GraphBuilder) => void): Uint8Array {
  const g = graphBuilder("examined");
  make(g);
  return writeModel(g.model());
}

const ints = (g: GraphBuilder, name: string, ...values: number[]) =>
  g.initializer(name, tensor("INT64", [values.length], BigInt64Array.from(values, BigInt)));

const good = model((g) => {
  const x = g.input("x", "FP32", ["rows", 3]);
  const w = tensor(
    "FP32",
    [3, 3],
    Float32Array.from({ length: 9 }, (_, at) => at),
  );
  g.output("y", g.relu(g.matMul(x, g.initializer("w", w))));
});

test("a good model is rewritten in full and may run in a thread, its rows together", async () => {
  const verdict = await examine(good);
  expect(verdict).toMatchObject({ optimization: "all", hazards: [] });
  expect(verdict.fallback).toBeUndefined();
  expect(verdict.rowsApart).toBeUndefined();
  expect(verdict.memoryBytes).toBeGreaterThanOrEqual(good.byteLength);
});

test.each(["input", "output"])("an %s of a type that is not carried is named", async (kind) => {
  const proto = ModelProto.decode(
    model((g) => g.output("y", g.cast(g.input("x", "FP32", ["rows", 3]), "FP32"))),
  );
  const value = proto.graph?.[kind as "input" | "output"][0]?.type?.value;
  if (value?.$case === "tensorType") value.value.elemType = 16;
  const cast = proto.graph?.node[0]?.attribute.find(({ name }) => name === "to");
  if (cast && kind === "output") cast.i = 16n;
  const name = kind === "input" ? "x" : "y";
  await expect(examine(ModelProto.encode(proto).finish())).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringMatching(
      `^the model is refused: ${kind} '${name}' is of type BFLOAT16, .* wanted FP32, .* with a Cast`,
    ),
  });
});

test("rewriting that changes answers is left out, and told", async () => {
  const padded = model((g) => {
    const x = g.input("x", "FP32", ["rows", 3, 4]);
    const turned = g.transpose(x, [0, 2, 1]);
    const wide = g.node("Pad", [
      turned,
      ints(g, "pads", 1, 0, 0, 0, 0, 0),
      undefined,
      ints(g, "axes", 2, 1, 0),
    ]);
    g.output("y", g.transpose(wide, [0, 2, 1]));
  });
  expect(await examine(padded)).toMatchObject({
    optimization: "disabled",
    fallback: expect.stringMatching(/^with all rewriting: .*'y'/),
  });
});

test("rewriting that ends the process is left out, and told", async () => {
  const dequantized = model((g) => {
    const x = g.input("x", "INT8", [2, 3]);
    const scale = g.initializer("scale", tensor("FP32", [3], Float32Array.of(1, 2, 3)));
    g.output("y", g.node("Transpose", [g.node("DequantizeLinear", [x, scale], { axis: 1 })]));
  });
  expect(await examine(dequantized)).toMatchObject({
    optimization: "disabled",
    fallback: expect.stringMatching(/^with all rewriting: .*ended by itself/),
  });
  expect((await examine(good)).optimization).toBe("all");
});

test.each<[string, (g: GraphBuilder) => void, RegExp]>([
  [
    "a quotient of what is fed",
    (g) => g.output("y", g.div(g.input("a", "INT32", ["n"]), g.input("b", "INT32", ["n"]))),
    /Div .* -1, which ends the process/,
  ],
  [
    "a size that is fed",
    (g) => g.output("y", g.node("ConstantOfShape", [g.input("size", "INT64", [1])])),
    /ConstantOfShape .* takes its size from what it is fed/,
  ],
  [
    "a loop over what is fed",
    (g) => {
      const x = g.input("x", "FP32", ["n"]);
      const body = g.subgraph("body", (b) => {
        b.input("i", "INT64", []);
        const go = b.input("go", "BOOL", []);
        const before = b.input("before", "FP32", ["n"]);
        b.output("goes", b.identity(go));
        b.output("after", b.add(before, before));
      });
      g.output("y", g.node("Loop", [g.input("count", "INT64", []), undefined, x], { body }));
    },
    /Loop .* goes on for as long as what it is fed says/,
  ],
])("%s wants a process of its own", async (_, make, hazard) => {
  const { hazards } = await examine(model(make));
  expect(hazards).toEqual([expect.stringMatching(hazard)]);
});

test.each<[string, (g: GraphBuilder) => void]>([
  [
    "numbers with fractions",
    (g) => g.output("y", g.div(g.input("a", "FP32", ["n"]), g.input("b", "FP32", ["n"]))),
  ],
  [
    "a constant that is not -1",
    (g) => g.output("y", g.div(g.input("a", "INT64", ["n"]), ints(g, "b", 2))),
  ],
  [
    "sizes of what is fed",
    (g) => {
      const size = g.node("Shape", [g.input("x", "FP32", ["n"])]);
      g.output("y", g.node("ConstantOfShape", [g.div(size, ints(g, "two", 2))]));
    },
  ],
])("%s do no harm", async (_, make) => {
  expect((await examine(model(make))).hazards).toEqual([]);
});

test("what is not all there, or not all known, is refused by name", async () => {
  const refusal = (message: RegExp) => ({ code: "invalid-argument", message });
  await expect(examine(Uint8Array.of(1, 2, 3))).rejects.toMatchObject(refusal(/cannot be read/));
  await expect(examine(good.slice(0, -20))).rejects.toMatchObject({ code: "invalid-argument" });
  const custom = model((g) => {
    const x = g.input("x", "FP32", ["n"]);
    const types = [{ type: "FP32", shape: ["n"] }] as const;
    g.output("y", g.node("Launch", [x], {}, { domain: "acme.rockets", types }));
  });
  await expect(examine(custom)).rejects.toMatchObject(refusal(/acme\.rockets\.Launch/));
  const g = graphBuilder("elsewhere");
  const w = tensor("FP32", [1, 4096], new Float32Array(4096));
  g.output("y", g.add(g.input("x", "FP32", ["n", 4096]), g.initializer("w", w)));
  const { model: elsewhere } = writeModelWithData(g.model(), { location: "weights.bin" });
  await expect(examine(elsewhere)).rejects.toMatchObject(
    refusal(/'w' is in another file, 'weights.bin'/),
  );
  const huge = model((h) => h.output("y", h.neg(h.input("x", "FP32", [1 << 20, 1 << 20]))));
  await expect(examine(huge)).rejects.toMatchObject(refusal(/'x' declares 1099511627776 elements/));
});

test("one that never ends is refused, and the next is examined", async () => {
  const endless = model((g) => {
    const x = g.input("x", "FP32", ["n"]);
    const body = g.subgraph("body", (b) => {
      b.input("i", "INT64", []);
      const go = b.input("go", "BOOL", []);
      const before = b.input("before", "FP32", ["n"]);
      b.output("goes", b.identity(go));
      b.output("after", b.add(before, before));
    });
    const forever = tensor("INT64", [], BigInt64Array.of(10n ** 15n));
    g.output("y", g.node("Loop", [g.initializer("count", forever), undefined, x], { body }));
  });
  await withLimits({ stepMs: 3000 }, async (by) => {
    await expect(examine(endless, by)).rejects.toMatchObject({
      code: "invalid-argument",
      message: /the model is refused: its first run took longer than 3000 ms/,
    });
    expect((await examine(good, by)).optimization).toBe("all");
  });
});

test("one that takes all memory is refused", async () => {
  const greedy = model((g) => {
    const x = g.input("x", "FP32", ["n"]);
    const zeros = g.node("ConstantOfShape", [ints(g, "size", 2 ** 31)]);
    g.output("y", g.add(x, g.reduceMean(zeros)));
  });
  await withLimits({ memoryMiB: 512 }, async (by) => {
    await expect(examine(greedy, by)).rejects.toMatchObject({
      code: "invalid-argument",
      message: /the model is refused: .*more than 513 MiB of memory/,
    });
  });
});
