/** Networks of files that tell the next token: what goes in and out of them, and files that are no such networks. */
import { evaluate, type GraphBuilder, type Model, type Value } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { initialValues, layout, type NetworkSize } from "./index.ts";
import { cell, file, size } from "./language-file.fixture.ts";
import { floats, networkOf } from "./onnx.fixture.ts";

function outputsOf(
  model: Model,
  rows: readonly (readonly number[])[],
  of = size,
  more: object = {},
) {
  const network = networkOf(model, more, of);
  const weights = initialValues(network.parameters, 0);
  const parameters = layout(network.parameters).map(
    ({ name, shape, offset, length }) =>
      [name, tensor("FP32", shape, weights.slice(offset, offset + length))] as const,
  );
  const features = tensor("FP32", [rows.length, 3], Float32Array.from(rows.flat()));
  const { outputs } = evaluate(network.graph, { features, ...Object.fromEntries(parameters) });
  return { shape: outputs!.shape, data: Array.from(outputs!.data, Number) };
}

describe("scores", () => {
  const rows = [
    [4, 1, 0],
    [0, 0, 0],
  ];

  test.each([
    ["any number of rows and places", {}],
    ["three places", { places: 3 }],
    ["one row", { rows: 1, places: 3 }],
  ])("are those of the file for %s, its mask and positions following from tokens", (_, options) => {
    const { shape, data } = outputsOf(file(options), rows);
    expect(shape).toEqual([2, 3, 5]);
    for (const [at, score] of data.entries()) {
      const [row, place, id] = [Math.floor(at / 15), Math.floor(at / 5) % 3, at % 5] as const;
      const token = rows[row]![place]!;
      // The first place counts as a token's in any row.
      const wanted = token > 0 || place === 0;
      expect(score).toBeCloseTo(
        wanted ? cell("table", 5, token, id) + cell("place", 5, place, id) : 0,
        5,
      );
    }
  });

  test("of ids that the data does not have are left out", () => {
    const { shape, data } = outputsOf(file({ vocabulary: 7 }), [[1, 2, 3]]);
    expect(shape).toEqual([1, 3, 5]);
    expect(data[5 + 4]).toBeCloseTo(cell("table", 7, 2, 4) + cell("place", 7, 1, 4), 5);
  });

  test("of ids that the file does not have are far below all others", () => {
    const of = { ...size, firstOfFile: 2 };
    const { shape, data } = outputsOf(file({ vocabulary: 3 }), [[2, 4, 1]], of);
    expect(shape).toEqual([1, 3, 5]);
    expect(data.slice(5, 7)).toEqual([-1e9, -1e9]);
    expect(data[5 + 3]).toBeCloseTo(cell("table", 3, 2, 1) + cell("place", 3, 1, 1), 5);
    // A token that it has no id for is taken for its first.
    expect(data[10 + 2]).toBeCloseTo(cell("table", 3, 0, 0) + cell("place", 3, 2, 0), 5);
  });

  test("of a new head are at each place", () => {
    const change = (g: GraphBuilder) => {
      const rows = g.gather(
        g.initializer("rows", floats([5, 4], "rows")),
        g.input("x", "INT32", ["N", "T"]),
      );
      g.output("y", g.matMul(rows, g.initializer("out", floats([4, 9], "out"))));
    };
    const more = { output: "y", head: { outputs: "replace" } };
    expect(outputsOf(file({ change }), [[1, 2, 3]], size, more).shape).toEqual([1, 3, 5]);
  });

  test("may be made with a mask and positions of other names", () => {
    const named = (text: string) =>
      text.replace("attention_mask", "m").replace("position_ids", "p");
    const { graph, metadata } = file();
    const inputs = graph.inputs.map((info) => ({ ...info, name: named(info.name) }));
    const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(named) }));
    const model = { metadata, graph: { ...graph, inputs, nodes } };
    const more = { input: "ids", mask: "m", positions: "p" };
    expect(outputsOf(model, [[1, 2, 3]], size, more)).toEqual(outputsOf(file(), [[1, 2, 3]]));
    expect(() => networkOf(model, {}, size)).toThrow(
      'architecture.input: found "ids", "m", "p" that "logits" is made of, wanted one input, and perhaps architecture.mask and architecture.positions',
    );
  });
});

/** Scores "y" of other tokens "x", to which something is added. */
const other = (added: (g: GraphBuilder) => Value) =>
  file({
    change(g) {
      const ids = g.input("x", "INT64", ["N", "T"]);
      g.output("y", g.add(g.gather(g.initializer("rows", floats([5, 5], "rows")), ids), added(g)));
    },
  });

test.each<[string, Model, object, NetworkSize, string]>([
  [
    "a mask that is not there",
    file(),
    { mask: "m" },
    size,
    'architecture.mask: found "m", wanted an input of the file that "logits" is made of: "ids", "attention_mask", "position_ids"',
  ],
  [
    "a mask of pairs of places",
    other((g) => {
      const bias = g.input("bias", "FP32", ["N", 1, "T", "T"]);
      return g.unsqueeze(g.reduceMean(bias, [1, 2], { keepdims: false }), [2]);
    }),
    { output: "y", mask: "bias" },
    size,
    'architecture.mask: input "bias" of the file is FP32 [N,1,T,T], wanted [samples, 3] of INT64, INT32, FP32, BOOL',
  ],
  [
    "positions that are no whole numbers",
    other((g) => g.unsqueeze(g.input("p", "FP32", ["T"]), [1])),
    { output: "y", positions: "p" },
    size,
    'architecture.positions: input "p" of the file is FP32 [T], wanted [samples, 3] of INT64, INT32',
  ],
  [
    "another number of places",
    file({ places: 4 }),
    {},
    size,
    'architecture.file: input "ids" of the file takes rows of the shape [4], found 3 tokens; data.context',
  ],
  [
    "more places than are written into it",
    other((g) => g.initializer("places", floats([1, 2, 5]))),
    { output: "y" },
    size,
    'architecture.file: it cannot take samples of the shape [3]: node "y" (Add, ai.onnx opset',
  ],
  [
    "fewer ids than the data has",
    file({ vocabulary: 4 }),
    {},
    size,
    'input "ids" of the file has ids up to 3, found 5 different ones',
  ],
  [
    "fewer scores than the data has tokens",
    file({
      change: (g) =>
        g.output(
          "few",
          g.gather(g.initializer("f", floats([5, 4])), g.input("x", "INT64", ["N", "T"])),
        ),
    }),
    { output: "few" },
    size,
    'architecture.output: "few" has scores of 4 tokens, found 5 different ones in the data, wanted a vocabulary of at most 4',
  ],
  [
    "another number of scores than ids are listed",
    file(),
    {},
    { ...size, vocabulary: 6, outputs: 6, firstOfFile: 2 },
    'data: has 4 ids of the file (data.ids, or data.vocabulary from data.idsFrom), but "logits" has scores of 5 tokens, wanted as many',
  ],
  [
    "scores of whole rows",
    file({
      change: (g) =>
        g.output(
          "one",
          g.matMul(g.input("x", "FP32", ["N", 3]), g.initializer("w", floats([3, 5]))),
        ),
    }),
    { output: "one" },
    size,
    'architecture.output: "one" is FP32 [batch,5], wanted FP32 [samples, 3, vocabulary]',
  ],
])("%s: refused", (_, model, more, of, message) => {
  expect(() => networkOf(model, more, of)).toThrow(message);
});

describe("a causal mask in the file", () => {
  const masked = (mask: readonly number[]) => {
    const change = (g: GraphBuilder) => {
      const x = g.gather(
        g.initializer("rows", floats([5, 5], "rows")),
        g.input("x", "INT64", ["N", "T"]),
      );
      const scores = g.add(
        g.matMul(x, g.transpose(x, [0, 2, 1])),
        g.initializer("seen", tensor("FP32", [1, 3, 3], Float32Array.from(mask))),
      );
      g.output("y", g.matMul(g.softmax(scores), x));
    };
    const found = (more: object) =>
      networkOf(file({ change }), { output: "y", ...more }, size).parameters.map(
        ({ name }) => name,
      );
    return found;
  };
  const causal = [0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0];

  test("is no parameter, whatever names it", () => {
    expect(masked(causal)({})).toEqual(["rows"]);
    expect(masked(causal.map((value) => (value === 0 ? 1 : 0)))({})).toEqual(["rows"]);
    expect(() => masked(causal)({ train: ["seen"] })).toThrow(
      'architecture.train[0]: found "seen"',
    );
  });

  test("is one that looks like it in every place", () => {
    expect(masked([0, -9, -9, 0, 0, -9, 0, -9, 0])({})).toEqual(["rows", "seen"]);
    expect(masked([1, 1, 1, 1, 1, 1, 1, 1, 1])({})).toEqual(["rows", "seen"]);
  });
});
