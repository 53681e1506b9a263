/** Which tokens a text is read by that a file is trained on, and what the job's log says where they may be others. */
import { readDataset } from "@amaas/data";
import { graphBuilder, type Model } from "@amaas/graph";
import { buildNetwork, servingGraph } from "@amaas/nn";
import { type OnnxSpec, parseArchitecture, type TextSpec } from "@amaas/spec";
import { expect, test } from "vitest";
import { tokenWarnings, withTokensOf } from "./known-tokens.ts";

const text = "abcabcabcd";
const spec: TextSpec = {
  format: "text",
  file: "a.txt",
  tokens: "characters",
  vocabulary: 256,
  context: 4,
};
const architecture = (more: object = {}) =>
  parseArchitecture({ type: "onnx", file: "a.onnx", ...more });
const read = (change: Partial<TextSpec> = {}) =>
  readDataset({ ...spec, ...change }, "language-modeling", async () => Buffer.from(text));
const rows = Uint32Array.of(0, 1);

/** That knows these. */
function served(...known: string[]): Model {
  const tokens = ["", "\uFFFD", ...known];
  const g = graphBuilder("features");
  const given = g.input("tokens", "BYTES", ["rows", "time"]);
  const table = {
    keys_strings: ["", ...known],
    values_floats: [0, ...known.map((_, at) => at + 2)],
    default_float: 1,
  };
  g.output("features", g.node("LabelEncoder", [given], table, { domain: "ai.onnx.ml" }));
  const network = buildNetwork(
    { type: "gpt", width: 4, heads: 1, layers: 1, tied: true },
    { features: 4, outputs: tokens.length, shape: [4], vocabulary: tokens.length },
  );
  const loss = { type: "cross-entropy", labelSmoothing: 0 } as const;
  return servingGraph(g.model(), network, { task: "language-modeling", loss, classes: tokens });
}

test("a served model brings its own, unless the spec lists others or enters it elsewhere", async () => {
  const own = ["c", "a"];
  const model = served("c", "a");
  expect(withTokensOf(model, architecture(), await read()).known).toEqual(own);
  expect(withTokensOf(model, architecture({ input: "features" }), await read()).known).toEqual(own);
  const ids = ["a", "b", "c", "d"];
  expect(withTokensOf(model, architecture(), await read({ ids })).known).toEqual(ids);
  const inside = architecture({ input: "slice_1" });
  expect(withTokensOf(model, inside, await read()).known).toBeUndefined();
  expect(withTokensOf(undefined, { type: "linear" }, await read()).known).toBeUndefined();
});

test("what the text has beyond them is told, where it is more than a little", async () => {
  const told = async (...known: string[]) => {
    const dataset = withTokensOf(served(...known), architecture(), await read());
    return tokenWarnings(architecture(), dataset, rows);
  };
  expect(await told("a", "b", "c", "d")).toEqual([]);
  expect(await told("a", "b", "d")).toEqual([
    "30.0 % of the training part's tokens are none of the file's, as \"c\": it takes them all for one",
  ]);
});

test("ids that may stand for something else in the file are told", async () => {
  const told = async (more: object, change: Partial<TextSpec> = {}) =>
    tokenWarnings(architecture(more) as OnnxSpec, await read(change), rows);
  expect(await told({})).toEqual([expect.stringContaining("list these in data.ids")]);
  expect(await told({ initial: "fresh" })).toEqual([]);
  expect(await told({}, { ids: ["a", "b", "c", "d"] })).toEqual([]);
});
