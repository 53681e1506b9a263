/** Files made to do harm: each is read or refused by name, within bounded time and memory. */
import { DomainError, isDomainError } from "@amaas/errors";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { anyGraph } from "./arbitrary.fixture.ts";
import {
  evaluate,
  type Graph,
  graphBuilder,
  mlDomain,
  modelOf,
  ndarray,
  readModel,
  tensorOf,
  withOutputs,
  writeModel,
} from "./index.ts";

// Machines that run many tests at once are slow; the time that matters is measured below.
vi.setConfig({ testTimeout: 60_000 });

/** A model with a bit of everything. */
function base(): Uint8Array {
  const g = graphBuilder("base");
  const x = g.input("x", "FP32", ["n", 4]);
  const names = g.input("names", "BYTES", ["n", 1]);
  const w = g.initializer("w", tensorOf("FP32", [4, 3], [...Array(12).keys()]));
  const codes = g.node(
    "OneHotEncoder",
    [names],
    { cats_strings: ["a", "b"] },
    { domain: mlDomain },
  );
  const h = g.gemm(x, w, g.constant(tensorOf("FP32", [3], [1, 2, 3])), { alpha: 0.5 });
  const joined = g.concat([g.tanh(h), g.reshape(codes, [-1, 2])], 1);
  const [left, right] = g.split(joined, [2, 3], 1);
  g.output("y", g.reduceMax(right!, [1], { keepdims: false }));
  g.output("z", g.gather(g.transpose(left!), g.ints([0, 1])));
  return writeModel(g.model({ key: "value" }));
}

const bytes = base();

/** Reads, or is refused as the fault of the file; anything else is a fault of ours. */
function attempt(file: Uint8Array): "read" | "refused" {
  try {
    readModel(file);
    return "read";
  } catch (error) {
    if (error instanceof DomainError && error.code === "invalid-argument") {
      expect(error.message.length).toBeLessThan(1100);
      return "refused";
    }
    throw error;
  }
}

describe("mutated files", () => {
  const position = fc.nat(bytes.length - 1);

  test("changed bytes", () => {
    const changes = fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, (list) => {
        const file = Uint8Array.from(bytes);
        for (const [at, byte] of list) file[at] = byte;
        attempt(file);
      }),
      { numRuns: 3000 },
    );
  });

  test("cut off, cut out, doubled and spliced", () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const piece = bytes.subarray(from, to);
        attempt(bytes.subarray(0, a));
        attempt(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
        attempt(Buffer.concat([bytes.subarray(0, c), piece, bytes.subarray(c)]));
      }),
      { numRuns: 700 },
    );
  });

  test("noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (file) => {
        attempt(file);
      }),
      { numRuns: 1000 },
    );
  });
});

test("graphs of nonsense are read or refused, and run or refused", () => {
  const numbers = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.nat(2));
  let ran = 0;
  fc.assert(
    fc.property(anyGraph, numbers, (graph, [number, n]) => {
      if (attempt(writeModel(modelOf(graph))) === "refused") return;
      const feeds = {
        x: ndarray("FP32", [n, 4], new Array<number>(4 * n).fill(number)),
        k: ndarray("INT64", [3], [number, 0, 1]),
        b: ndarray("BOOL", [n, 1], new Array<number>(n).fill(1)),
      };
      try {
        evaluate(graph, feeds);
        ran++;
      } catch (error) {
        if (!isDomainError(error)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
  // Were all refused, this would test little.
  expect(ran).toBeGreaterThan(100);
});

/** A protobuf field that holds bytes. */
function field(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const result: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...result, rest);
    result.push((rest % 128) + 128);
  }
}

const text = (value: string) => new TextEncoder().encode(value);
const repeated = (count: number, part: Uint8Array) =>
  Buffer.concat(new Array<Uint8Array>(count).fill(part));
const opset = field(8, Uint8Array.of(0x10, 23));
const modelOfGraph = (...parts: readonly Uint8Array[]) =>
  Buffer.concat([Uint8Array.of(0x08, 11), field(7, ...parts), opset]);
const empty = new Uint8Array(0);

/** Refused, in little time and without taking much memory. */
function expectCheapRefusal(file: Uint8Array, reason: RegExp): void {
  const before = process.memoryUsage().rss;
  expect(() => readModel(file)).toThrow(
    expect.objectContaining({ code: "invalid-argument", message: expect.stringMatching(reason) }),
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(1.2e9);
}

describe("files that claim too much", () => {
  test("millions of empty messages", () => {
    expectCheapRefusal(
      modelOfGraph(repeated(20_000_000, field(1, empty))),
      /more than the \d+ bytes/,
    );
  });

  test("a list of one-byte numbers that would each become an object", () => {
    const tensor = field(5, field(7, new Uint8Array(60_000_000)), Uint8Array.of(0x10, 7));
    expectCheapRefusal(modelOfGraph(tensor), /more than the \d+ bytes/);
  });

  test("a length beyond the file", () => {
    expectCheapRefusal(Buffer.concat([Uint8Array.of(0x3a), varint(2 ** 40)]), /does not fit/);
  });

  test("text that would be decoded", () => {
    const tensor = field(5, field(6, new Uint8Array(2 ** 21)), Uint8Array.of(0x10, 8));
    expect(() => readModel(modelOfGraph(tensor), { limits: { memory: 2 ** 20 } })).toThrow(
      /more than the \d+ bytes of memory/,
    );
  });

  test("a number without end", () => {
    expectCheapRefusal(new Uint8Array(64).fill(0xff), /more than 10 bytes/);
  });

  test("groups, which would be skipped by recursion", () => {
    expectCheapRefusal(new Uint8Array(1_000_000).fill(0x0b), /wire type 3/);
  });

  test("a list of floats whose ragged end would put the decoder out of step", () => {
    const attribute = field(5, field(7, new Uint8Array(5)));
    expectCheapRefusal(modelOfGraph(field(1, attribute)), /no whole number of 4-byte numbers/);
  });

  test("graphs in graphs in graphs", () => {
    let graph: Uint8Array = field(2, text("end"));
    for (let depth = 0; depth < 2000; depth++) graph = field(1, field(5, field(6, graph)));
    expectCheapRefusal(modelOfGraph(graph), /nest deeper/);
  });

  test("types in types in types", () => {
    let type: Uint8Array = empty;
    for (let depth = 0; depth < 2000; depth++) type = field(4, field(1, type));
    expectCheapRefusal(modelOfGraph(field(11, field(2, type))), /nest deeper/);
  });

  test("a file larger than allowed", () => {
    expect(() => readModel(bytes, { limits: { bytes: bytes.length - 1 } })).toThrow(
      /more than the \d+ allowed/,
    );
    expect(() => readModel(bytes, { limits: { bytes: bytes.length } })).not.toThrow();
  });
});

describe("files whose check would take for ever", () => {
  const node = (op: string, inputs: readonly string[], outputs: readonly string[]) =>
    field(
      1,
      ...inputs.map((name) => field(1, text(name))),
      ...outputs.map((name) => field(2, text(name))),
      field(4, text(op)),
    );

  test("each of many nodes with a missing input", () => {
    const nodes = Array.from({ length: 40_000 }, (_, i) => node("Relu", [`m${i}`], [`o${i}`]));
    expectCheapRefusal(modelOfGraph(...nodes), /which nothing makes \(and 19 more\)/);
  });

  test("one missing input, of many nodes with many outputs", () => {
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
    const nodes = Array.from({ length: 2000 }, () => node("Mystery", names, names));
    expectCheapRefusal(modelOfGraph(...nodes), /cycle or are out of order/);
  });

  test("more inputs than a function can be called with", () => {
    const many = repeated(300_000, field(1, text("x")));
    const shape = field(2, field(1, field(2, text("n"))));
    const input = field(11, field(1, text("x")), field(2, field(1, Uint8Array.of(8, 1), shape)));
    for (const op of ["Sum", "Max", "Mean"]) {
      const sum = field(1, many, field(2, text("y")), field(4, text(op)));
      expectCheapRefusal(modelOfGraph(sum, input), /300000 inputs are more than/);
    }
  });

  test("names of megabytes", () => {
    expectCheapRefusal(modelOfGraph(node("Relu", ["x".repeat(5_000_000)], ["y"])), /^.{0,1003}$/s);
  });

  test("sizes that double with every node", () => {
    const g = graphBuilder("doubling");
    let sizes = g.ints(new Array<number>(1000).fill(1));
    expect(() => {
      for (let step = 0; step < 300; step++) sizes = g.concat([sizes, sizes, sizes], 0);
    }).toThrow(/has the size/);
  });

  test("axes that grow with every node", () => {
    const g = graphBuilder("growing");
    let x = g.input("x", "FP32", [1]);
    expect(() => {
      for (let step = 0; step < 100; step++) x = g.unsqueeze(x, [0]);
    }).toThrow(/65 axes/);
  });

  test("a shape of as many axes as a number can say", () => {
    const g = graphBuilder("wide");
    const x = g.input("x", "FP32", [1]);
    const shape = g.input("shape", "INT64", [2 ** 40]);
    expect(() => g.reshape(x, shape)).toThrow(/axes/);
    expect(() => g.expand(x, shape)).toThrow(/axes/);
    expect(() => g.node("ConstantOfShape", [shape])).toThrow(/axes/);
    expect(() => g.unsqueeze(x, shape)).toThrow(/axes/);
  });

  test("many subgraphs in a graph of many names", () => {
    const body: Graph = {
      name: "body",
      opsets: { "": 23, "org.example": 1 },
      inputs: [],
      outputs: [],
      initializers: new Map(),
      nodes: [],
    };
    const nodes = Array.from({ length: 20_000 }, (_, i) => ({
      op: "Mystery",
      domain: "org.example",
      name: `n${i}`,
      inputs: [],
      outputs: [`v${i}`],
      attributes: { body: { kind: "graph", value: body } as const },
    }));
    const graph: Graph = { ...body, name: "outer", nodes };
    const file = writeModel(modelOf(graph));
    expect(attempt(file)).toBe("read");
  });

  test("many nodes of one name", () => {
    const count = 60_000;
    const nodes = Array.from({ length: count }, (_, i) => ({
      op: "Neg",
      domain: "",
      name: "same",
      inputs: [`v${i}`],
      outputs: [`v${i + 1}`],
      attributes: {},
    }));
    const value = (name: string) => ({ name, type: "FP32", shape: [] }) as const;
    const last = `v${count}`;
    const graph: Graph = {
      name: "chain",
      opsets: { "": 23 },
      inputs: [value("v0")],
      outputs: [value(last)],
      initializers: new Map(),
      nodes,
    };
    const names = withOutputs(graph, [last]).nodes.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["same", "same_1", "same_2"]);
    expect(new Set(names).size).toBe(count);
  });
});
