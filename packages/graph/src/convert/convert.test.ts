/** A model of any version gives the same numbers on the engine as it is, and once it is read and written. */
import { openSession } from "@amaas/engine";
import type { DeepPartial, GraphProto } from "@amaas/proto/onnx/onnx";
import type { Tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { readModel, tensorOf, writeModel } from "../index.ts";
import { modelBytes, node, tensorProto, valueProto } from "../messages.fixture.ts";
import { batch, box, type Case, changed, filled, image, ints, unchanged } from "./cases.fixture.ts";
import { newestOpset, oldestOpset } from "./index.ts";

function graphOf({ op, inputs, attributes, outputs = 1 }: Case) {
  const name = (index: number) => (inputs[index] ? `x${index}` : "");
  const given = inputs.flatMap((value, index) => (value ? [{ value, index }] : []));
  const feeds = given.slice(0, 1);
  const constants = given.slice(1);
  const made = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const inner = made.map((output) => `${output}.inner`);
  const graph: DeepPartial<GraphProto> = {
    node: [
      node(
        op,
        inputs.map((_, index) => name(index)),
        inner,
        attributes,
      ),
      ...made.map((output, index) => node("Identity", [inner[index]!], [output])),
    ],
    input: feeds.map(({ value, index }) => valueProto(name(index), value.type, value.shape)),
    initializer: constants.map(({ value, index }) => tensorProto(name(index), value)),
  };
  return {
    graph,
    made,
    feeds: Object.fromEntries(feeds.map(({ value, index }) => [name(index), value])),
  };
}

async function run(bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const session = await openSession(bytes, { optimization: "basic" });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** The first difference; large lists in messages of the test runner take for ever. */
function difference(found: Tensor, wanted: Tensor): string | undefined {
  if (found.type !== wanted.type || `${found.shape}` !== `${wanted.shape}`)
    return `${found.type}[${found.shape}] instead of ${wanted.type}[${wanted.shape}]`;
  for (const [index, value] of Array.from(wanted.data, Number).entries()) {
    const other = Number(found.data[index]);
    if (Object.is(value, other) || Math.abs(value - other) <= 1e-6 * Math.max(1, Math.abs(value)))
      continue;
    return `element ${index} is ${other} instead of ${value}`;
  }
  return undefined;
}

/** Runs a case once it is read, and another as it is: the same one, unless it is said. */
async function compare(
  each: Case,
  opset: number,
  other: Case = each,
  otherOpset: number = opset,
): Promise<string | undefined> {
  const { graph, made, feeds } = graphOf(each);
  // The engine is asked for the shapes of the outputs, so that none has to be written here.
  const asked = made.map((name, index) => valueProto(name, each.types?.[index] ?? "FP32"));
  const reference = modelBytes({ ...graphOf(other).graph, output: asked }, { opset: otherOpset });
  const wanted = await run(reference, feeds);
  const output = made.map((name) => valueProto(name, wanted[name]!.type, wanted[name]!.shape));
  const read = readModel(modelBytes({ ...graph, output }, { opset }));
  const found = await run(writeModel(read), feeds);
  for (const name of made) {
    const differs = difference(found[name]!, wanted[name]!);
    if (differs) return `${name}: ${differs}`;
  }
  return undefined;
}

const title = (each: Case) =>
  `${each.op} ${JSON.stringify(each.attributes ?? {})} of ${each.inputs.length}`;

const all = Array.from({ length: newestOpset - oldestOpset + 1 }, (_, i) => oldestOpset + i);

describe.each([
  ["operators that changed", changed, all],
  ["operators that did not", unchanged, [13, 16, 19, 22, 24, 26]],
])("%s", (_, cases, opsets) => {
  test.each(cases.map((each) => [title(each), each] as const))("%s", async (__, each) => {
    const { from = oldestOpset, to = newestOpset } = each;
    for (const opset of opsets.filter((version) => version >= from && version <= to))
      expect(await compare(each, opset), `opset ${opset}`).toBeUndefined();
  });
});

describe("what the engine does not run at its own version, against another version that says the same", () => {
  const statistics = [filled([4]), filled([4]), filled([4]), tensorOf("FP32", [4], [1, 2, 3, 4])];
  const training = { op: "BatchNormalization", inputs: [image, ...statistics], outputs: 3 };
  const align = { op: "RoiAlign", inputs: [image, box, batch], attributes: { output_height: 3 } };
  const uniform = { op: "RandomUniformLike", inputs: [image], attributes: { seed: { f: 7 } } };
  const [q, k] = [filled([2, 2, 3, 4]), filled([2, 2, 5, 4])];
  const attention = { op: "Attention", inputs: [q, k, k] };
  const everywhere = { left_window_size: -1, right_window_size: -1 };

  test.each<readonly [string, number, Case, number, Case]>([
    ["statistics as outputs", 13, training, 15, { ...training, attributes: { training_mode: 1 } }],
    ["RoiAlign 22", 22, align, 21, align],
    ["RoiAlign 26", 26, align, 21, align],
    ["random numbers", 23, uniform, 21, uniform],
    ["windows that leave nothing out", 25, { ...attention, attributes: everywhere }, 24, attention],
  ])("%s", async (_, opset, each, otherOpset, other) => {
    expect(await compare(each, opset, other, otherOpset)).toBeUndefined();
  });
});

describe("what has no form in the version that is written", () => {
  const q = filled([1, 2, 3, 4]);
  const attention = { op: "Attention", inputs: [q, q, q] };
  const padded = [q, q, q, undefined, undefined, undefined, ints(3)];
  const saved = [filled([4]), filled([4]), filled([4]), filled([4])];

  test.each<readonly [number, Case, string]>([
    [24, { ...attention, inputs: padded }, "input nonpad_kv_seqlen"],
    [25, { ...attention, attributes: { left_window_size: 2 } }, "attribute left_window_size (2)"],
    [24, { op: "TensorScatter", inputs: [q, q] }, "(TensorScatter, ai.onnx opset 24)"],
    [26, { op: "CumProd", inputs: [q, ints(1)] }, "cannot be said in its operators"],
    [26, { op: "BitCast", inputs: [q], attributes: { to: 6 } }, "(BitCast, ai.onnx opset 26)"],
    [24, { op: "Cast", inputs: [q], attributes: { to: 24 } }, "ONNX type 24"],
    [13, { op: "BatchNormalization", inputs: [image, ...saved], outputs: 5 }, "a saved statistic"],
    [17, { op: "ReduceMax", inputs: [q], attributes: { axes: 1 } }, "must be of kind ints"],
    [17, { op: "ReduceMax", inputs: [q, ints(1)], attributes: { axes: [1] } }, "given twice"],
  ])("opset %i: %o", (opset, each, wanted) => {
    const { graph, made } = graphOf(each);
    const output = made.map((name) => valueProto(name, "FP32", [1]));
    expect(() => readModel(modelBytes({ ...graph, output }, { opset }))).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining(wanted),
      }),
    );
  });
});

test("graphs inside nodes are converted too, under names that nothing else has", async () => {
  const branch = (op: string): { g: DeepPartial<GraphProto> } => ({
    g: {
      name: op,
      node: [node(op, ["x"], ["r"], { axes: [1], keepdims: 0 })],
      output: [valueProto("r", "FP32", [2])],
    },
  });
  const graph: DeepPartial<GraphProto> = {
    node: [
      node("If", ["c"], ["y"], {
        then_branch: branch("ReduceMax"),
        else_branch: branch("ReduceMin"),
      }),
    ],
    input: [valueProto("c", "BOOL", []), valueProto("x", "FP32", [2, 3])],
    output: [valueProto("y", "FP32", [2])],
  };
  const written = writeModel(readModel(modelBytes(graph, { opset: 13 })));
  const x = tensorOf("FP32", [2, 3], [1, 5, 3, 2, -1, 0]);
  for (const [c, wanted] of [
    [1, [5, 2]],
    [0, [1, -1]],
  ] as const) {
    const { y } = await run(written, { c: tensorOf("BOOL", [], [c]), x });
    expect([...y!.data]).toEqual(wanted);
  }
});
