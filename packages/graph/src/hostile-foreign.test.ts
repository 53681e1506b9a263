/**
 * Models as other programs write them, made to do harm: every opset, functions that call each other, weights
 * elsewhere, graphs in graphs. Each is read or refused by name, within bounded time and memory.
 */
import { DomainError } from "@amaas/errors";
import {
  AttributeProto_AttributeType as AttributeType,
  type DeepPartial,
  type GraphProto,
  ModelProto,
  type NodeProto,
  SparseTensorProto,
} from "@amaas/proto/onnx/onnx";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { downward } from "./convert/downward.ts";
import { newestOpset, oldestOpset } from "./convert/index.ts";
import { upward } from "./convert/upward.ts";
import { readModel, tensorOf, writeModel } from "./index.ts";
import {
  type AttributeValue,
  attributeProto,
  modelProto,
  node,
  opsetImport,
  tensorProto,
  valueProto,
} from "./messages.fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

const domain = "test.functions";
const image = valueProto("x", "FP32", ["n", 4, 6, 6]);
const external = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** A model with a bit of everything that is undone on reading. */
function foreign(opset: number): ModelProto {
  const branch = (op: string): AttributeValue => ({
    g: {
      name: op,
      node: [node(op, ["h"], ["r"], { axes: [1, 2, 3] }), node("Twice", ["r"], ["t"], {}, domain)],
      output: [valueProto("t", "FP32", ["n", 1, 1, 1])],
    },
  });
  const body: DeepPartial<GraphProto> = {
    name: "body",
    node: [node("Identity", ["go"], ["on"]), node("Twice", ["v"], ["w"], {}, domain)],
    input: [
      valueProto("i", "INT64", []),
      valueProto("go", "BOOL", []),
      valueProto("v", "FP32", ["?"]),
    ],
    output: [valueProto("on", "BOOL", []), valueProto("w", "FP32", ["?"])],
  };
  const graph: DeepPartial<GraphProto> = {
    node: [
      node("Add", ["x", "bias"], ["h"]),
      node("Split", ["h"], ["a", "b"], { axis: 1 }),
      node("Scale", ["a"], ["c"], { by: { f: 3 } }, domain),
      node("Twice", ["c"], ["d"], {}, domain),
      node("If", ["flag"], ["e"], {
        then_branch: branch("ReduceMax"),
        else_branch: branch("ReduceMin"),
      }),
      node("Loop", ["count", "", "flat"], ["g"], { body: { g: body } }),
      node("GroupNormalization", ["x", "flat", "flat"], ["k"], { num_groups: 4 }),
      node("Resize", ["x", "", "factors"], ["z"], { mode: "nearest" }),
    ],
    input: [image, valueProto("flag", "BOOL", [])],
    output: ["d", "e", "g", "k", "z"].map((name) => ({
      name,
      type: valueProto(name, "FP32").type!,
    })),
    initializer: [
      tensorProto("count", tensorOf("INT64", [], [3])),
      tensorProto("factors", tensorOf("FP32", [4], [1, 1, 2, 2])),
      {
        name: "bias",
        dims: [4n, 1n, 1n],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          { key: "location", value: "w.bin" },
          { key: "offset", value: "0" },
          { key: "length", value: "16" },
        ],
      },
    ],
    sparseInitializer: [
      SparseTensorProto.fromPartial({
        values: tensorProto("flat", tensorOf("FP32", [2], [1, 2])),
        indices: tensorProto("", tensorOf("INT64", [2], [1, 3])),
        dims: [4n],
      }),
    ],
  };
  const imports = opsetImport({ "": 17, [domain]: 1 });
  const scale = {
    name: "Scale",
    domain,
    input: ["a"],
    output: ["b"],
    opsetImport: imports,
    node: [
      node("Constant", [], ["k"], { value_float: { ref: "by", type: AttributeType.FLOAT } }),
      node("Mul", ["a", "k"], ["b"]),
    ],
    attributeProto: [{ name: "by", ...attributeProto({ f: 2 }) }],
  };
  const twice = {
    ...scale,
    name: "Twice",
    node: [node("Scale", ["a"], ["m"], {}, domain), node("Scale", ["m"], ["b"], {}, domain)],
    attributeProto: [],
  };
  return modelProto(graph, { opset, domains: { [domain]: 1 }, functions: [scale, twice] });
}

const read = (file: Uint8Array) => readModel(file, { external: () => external });

/** Reads, or is refused as the fault of the file; anything else is a fault of ours. */
function attempt(file: Uint8Array): "read" | "refused" {
  try {
    const model = read(file);
    // What is read can be written, and needs nothing of where it came from.
    readModel(writeModel(model));
    return "read";
  } catch (error) {
    if (error instanceof DomainError && error.code === "invalid-argument") {
      expect(error.message.length).toBeLessThan(1100);
      return "refused";
    }
    throw error;
  }
}

test.each([oldestOpset, 15, 17])("the model itself is read, at opset %i", (opset) => {
  expect(attempt(ModelProto.encode(foreign(opset)).finish())).toBe("read");
});

describe("mutated files", () => {
  const bytes = ModelProto.encode(foreign(oldestOpset)).finish();
  const position = fc.nat(bytes.length - 1);

  test("changed bytes", () => {
    const changes = fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 6 });
    let wasRead = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const file = Uint8Array.from(bytes);
        for (const [at, byte] of list) file[at] = byte;
        if (attempt(file) === "read") wasRead++;
      }),
      { numRuns: 2000 },
    );
    expect(wasRead).toBeGreaterThan(0);
  });

  test("cut out, doubled and spliced", () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        attempt(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
        attempt(Buffer.concat([bytes.subarray(0, c), bytes.subarray(from, to), bytes.subarray(c)]));
      }),
      { numRuns: 500 },
    );
  });
});

/** Every list of nodes in the model, those of functions and of graphs in attributes too. */
function nodeLists(model: ModelProto): NodeProto[][] {
  const inside = (nodes: NodeProto[]): NodeProto[][] => [
    nodes,
    ...nodes.flatMap(({ attribute }) => attribute.flatMap(({ g }) => (g ? inside(g.node) : []))),
  ];
  return [...inside(model.graph!.node), ...model.functions.flatMap((each) => inside(each.node))];
}

const ops = [
  ...Object.keys(upward),
  ...Object.keys(downward),
  "Loop",
  "If",
  "Scale",
  "Twice",
  "Constant",
];

type Edit = (model: ModelProto, pick: <T>(list: readonly T[]) => T | undefined) => void;

/** Changes that keep the bytes well formed, and so get further in. */
const edits: readonly Edit[] = [
  (model, pick) => {
    const chosen = pick(pick(nodeLists(model)) ?? []);
    if (chosen) chosen.opType = pick(ops)!;
  },
  (model, pick) => {
    const chosen = pick(pick(nodeLists(model)) ?? []);
    if (chosen) chosen.domain = pick(["", domain, "org.example"])!;
  },
  (model, pick) => {
    const [to, from] = [pick(pick(nodeLists(model)) ?? []), pick(pick(nodeLists(model)) ?? [])];
    if (to && from) to.input = [...from.output];
  },
  (model, pick) => {
    const [to, from] = [pick(pick(nodeLists(model)) ?? []), pick(pick(nodeLists(model)) ?? [])];
    if (to && from) to.output = [...from.output];
  },
  (model, pick) => {
    const [to, from] = [pick(pick(nodeLists(model)) ?? []), pick(pick(nodeLists(model)) ?? [])];
    if (to && from) to.attribute = structuredClone(from.attribute);
  },
  (model, pick) => {
    const [to, from] = [pick(nodeLists(model)), pick(pick(nodeLists(model)) ?? [])];
    if (to && from) to.push(structuredClone(from));
  },
  (model, pick) => {
    pick(nodeLists(model))?.reverse();
  },
  (model, pick) => {
    const [fn, other] = [pick(model.functions), pick(model.functions)];
    if (fn && other) fn[pick(["input", "output", "attribute"] as const)!] = other.output;
  },
  (model, pick) => {
    const fn = pick(model.functions);
    if (fn) fn.opsetImport = opsetImport({ "": pick([12, 13, 20, 26])!, [domain]: 1 });
  },
  (model, pick) => {
    const entry = pick(model.graph!.initializer.flatMap(({ externalData }) => externalData));
    if (entry) entry.value = pick(["", "-1", "17", "9".repeat(30), "../w", "1e3", "0x10", "NaN"])!;
  },
  (model, pick) => {
    const tensor = pick(model.graph!.initializer);
    if (tensor) tensor.dims = pick([[], [-1n], [2n ** 62n], [0n], [4n], [2n, 2n]])!;
  },
  (model, pick) => {
    const sparse = pick(model.graph!.sparseInitializer);
    if (sparse) sparse.dims = pick([[], [3n], [2n ** 40n], [-4n], [4n, 1n]])!;
  },
  (model, pick) => {
    const value = pick([...model.graph!.input, ...model.graph!.output]);
    if (value) value.name = pick(["x", "h", "flat", ""])!;
  },
];

test("models of nonsense, at every opset", () => {
  const opset = fc.integer({ min: oldestOpset, max: newestOpset });
  const edit = fc.tuple(
    fc.constantFrom(...edits),
    fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }),
  );
  const found = { read: 0, refused: 0 };
  fc.assert(
    fc.property(opset, fc.array(edit, { minLength: 1, maxLength: 4 }), (version, list) => {
      const model = foreign(version);
      for (const [change, choices] of list) {
        let next = 0;
        change(model, (options) => options[choices[next++ % choices.length]! % options.length]);
      }
      found[attempt(ModelProto.encode(model).finish())]++;
    }),
    { numRuns: 2000 },
  );
  expect(found.read).toBeGreaterThan(20);
  expect(found.refused).toBeGreaterThan(20);
});

describe("much made of little", () => {
  const limits = { memory: 2 ** 25 };
  const refused = (
    graph: DeepPartial<GraphProto>,
    functions: DeepPartial<ModelProto>["functions"] = [],
  ) => {
    const parts = { opset: 18, domains: { [domain]: 1 }, functions };
    const file = ModelProto.encode(modelProto(graph, parts)).finish();
    expect(() => readModel(file, { limits })).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringMatching(/more than the \d+ bytes of memory allowed/),
      }),
    );
  };
  const imports = opsetImport({ "": 18, [domain]: 1 });

  test("long names, made longer by every call", () => {
    const long = "x".repeat(100_000);
    const fn = {
      name: "F",
      domain,
      input: [],
      output: ["b"],
      opsetImport: imports,
      node: [node("Mystery", [], [long]), node("Mystery", [long], ["b"])],
    };
    refused(
      { node: Array.from({ length: 1000 }, (_, i) => node("F", [], [`y${i}`], {}, domain)) },
      [fn],
    );
  });

  test("calls of functions that call functions", () => {
    const functions = Array.from({ length: 12 }, (_, level) => ({
      name: `F${level}`,
      domain,
      input: ["a"],
      output: [],
      opsetImport: imports,
      node: Array.from({ length: 10 }, () => node(`F${level + 1}`, ["a"], [], {}, domain)),
    }));
    const last = { name: "F12", domain, input: ["a"], output: [], opsetImport: imports, node: [] };
    refused({ node: [node("F0", ["x"], [], {}, domain)], input: [image] }, [...functions, last]);
  });

  test("nodes that are converted to many", () => {
    const nodes = Array.from({ length: 8000 }, (_, i) =>
      node("GroupNormalization", ["x", "x", "x"], [`y${i}`], { num_groups: 2 }),
    );
    refused({ node: nodes, input: [image] });
  });

  test("many sparse tensors of one element", () => {
    const sparseInitializer = Array.from({ length: 40 }, (_, i) => ({
      values: tensorProto(`s${i}`, tensorOf("FP32", [1], [1])),
      indices: tensorProto("", tensorOf("INT64", [1], [0])),
      dims: [250_000n],
    }));
    refused({ sparseInitializer });
  });
});

test("loops in loops, each of which is looked into again for the next one", () => {
  const loop = (depth: number): DeepPartial<NodeProto>[] =>
    [0, 1].map((index) => {
      const name = `${depth}.${index}`;
      return node("Loop", ["count", "", "x"], [`y${name}`], {
        body: {
          g: {
            name,
            node: [
              node("Identity", [`go${name}`], [`on${name}`]),
              node("Neg", [`v${name}`], [`w${name}`]),
              ...(depth > 0 ? loop(depth - 1) : []),
            ],
            input: [
              valueProto(`i${name}`, "INT64", []),
              valueProto(`go${name}`, "BOOL", []),
              valueProto(`v${name}`, "FP32", ["?"]),
            ],
            output: [valueProto(`on${name}`, "BOOL", []), valueProto(`w${name}`, "FP32", ["?"])],
          },
        },
      });
    });
  const graph: DeepPartial<GraphProto> = {
    node: loop(9),
    input: [valueProto("x", "FP32", ["n"]), valueProto("count", "INT64", [])],
    output: [valueProto("y9.0", "FP32", ["n"])],
  };
  const file = ModelProto.encode(modelProto(graph, { opset: 20 })).finish();
  expect(["read", "refused"]).toContain(attempt(file));
});

test("loops in loops, each looked into three times, whose innermost body declares much", () => {
  const loop = (depth: number): DeepPartial<NodeProto> =>
    node("Loop", ["count", "", "x", "x"], [`y${depth}`, `z${depth}`], {
      body: {
        g: {
          name: `${depth}`,
          node: [
            node("Identity", [`go${depth}`], [`on${depth}`]),
            // The first value grows, so that the second is of another size in the next round.
            node("Concat", [`v${depth}`, `v${depth}`], [`w${depth}`], { axis: 0 }),
            node("Identity", [`v${depth}`], [`q${depth}`]),
            ...(depth > 0 ? [loop(depth - 1)] : []),
          ],
          input: [
            valueProto(`i${depth}`, "INT64", []),
            valueProto(`go${depth}`, "BOOL", []),
            valueProto(`v${depth}`, "FP32", ["?"]),
            valueProto(`p${depth}`, "FP32", ["?"]),
          ],
          output: [
            valueProto(`on${depth}`, "BOOL", []),
            valueProto(`w${depth}`, "FP32", ["?"]),
            valueProto(`q${depth}`, "FP32", ["?"]),
          ],
          initializer: Array.from({ length: depth > 0 ? 0 : 1000 }, (_, i) =>
            tensorProto(`k${i}`, tensorOf("FP32", [1], [i])),
          ),
        },
      },
    });
  const graph: DeepPartial<GraphProto> = {
    node: [loop(9)],
    input: [valueProto("x", "FP32", [2]), valueProto("count", "INT64", [])],
    output: [valueProto("y9", "FP32", ["?"])],
  };
  const file = ModelProto.encode(modelProto(graph, { opset: 20 })).finish();
  expect(() => read(file)).toThrow(/nodes and values that are looked into/);
});

test("a tensor of a million axes, asked for by every node of a body", () => {
  const body = (name: string, count: number): AttributeValue => ({
    g: {
      name,
      node: Array.from({ length: count }, (_, i) => node("Shape", ["w"], [`${name}${i}`])),
      output: [{ name: `${name}0` }],
    },
  });
  const graph: DeepPartial<GraphProto> = {
    node: [node("If", ["c"], ["y"], { then_branch: body("t", 30_000), else_branch: body("e", 1) })],
    input: [valueProto("c", "BOOL", [])],
    initializer: [{ name: "w", dataType: 1, dims: new Array<bigint>(1_000_000).fill(1n) }],
    output: [valueProto("y", "INT64", ["k"])],
  };
  const file = ModelProto.encode(modelProto(graph, { opset: 20 })).finish();
  expect(() => read(file)).toThrow(/1000000 axes are more than the 64 allowed/);
});
