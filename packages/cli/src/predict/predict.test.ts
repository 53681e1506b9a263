import type { ModelMetadata } from "@amaas/client";
import { isDomainError } from "@amaas/errors";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { plain } from "../terminal/style.ts";
import { answersOf, answerTable } from "./answers.ts";
import { parseCsv } from "./csv.ts";
import { fill } from "./fill.ts";
import { parseJson, parseJsonLines } from "./json.ts";
import { toBatches } from "./to-tensors.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => parseJson(encode(JSON.stringify(value)));

const penguins: ModelMetadata = {
  name: "penguins",
  versions: ["1"],
  platform: "onnxruntime_onnx",
  inputs: [
    { name: "mass", datatype: "FP32", shape: [-1, 1] },
    { name: "sex", datatype: "BYTES", shape: [-1, 1] },
  ],
  outputs: [],
};
const digits: ModelMetadata = {
  ...penguins,
  name: "digits",
  inputs: [{ name: "features", datatype: "FP32", shape: [-1, 3] }],
};
const batches = (input: ReturnType<typeof parseJson>, model = penguins) => [
  ...toBatches(input, model),
];

test("records become columns; what is missing is NaN or the empty text; other columns are ignored", () => {
  const rows = [
    { mass: 4200, sex: "male", species: "?" },
    { mass: null, sex: null },
    { mass: "3700.5", sex: true },
  ];
  expect(batches(json(rows))).toEqual([
    {
      mass: tensor("FP32", [3, 1], Float32Array.of(4200, Number.NaN, 3700.5)),
      sex: tensor("BYTES", [3, 1], ["male", "", "true"]),
    },
  ]);
});

test("no request has more rows than the model takes", () => {
  const sizes = (model: ModelMetadata, rows: number) =>
    batches(json(Array(rows).fill([1, 2, 3])), model).map(({ features }) => features?.shape[0]);
  expect(sizes(digits, 1500)).toEqual([1024, 476]);
  expect(sizes({ ...digits, maxRows: 4 }, 10)).toEqual([4, 4, 2]);
  const one = { name: "features", datatype: "FP32", shape: [1, 3] } as const;
  expect(sizes({ ...digits, inputs: [one] }, 3)).toEqual([1, 1, 1]);
  const records = json([1, 2, 3].map((mass) => ({ mass, sex: "" })));
  expect(batches(records, { ...penguins, maxRows: 2 }).map(({ mass }) => mass?.shape)).toEqual([
    [2, 1],
    [1, 1],
  ]);
});

test("CSV and JSON lines say the same as JSON", () => {
  const csv = parseCsv(encode('\ufeffsex,mass\n"ma""le",1e3\r\n,NA\n'));
  const lines = parseJsonLines(encode('{"sex":"ma\\"le","mass":1000}\n\n{"sex":"","mass":null}\n'));
  expect(batches(csv)).toEqual(batches(lines));
});

test("missing columns are named", () => {
  expect(() => batches(json([{ mass: 1, sex: "" }, {}]))).toThrow(
    "row 2 lacks the columns mass, sex; penguins takes mass, sex",
  );
});

test("every value of the wrong kind is named, up to a limit", () => {
  const rows = Array.from({ length: 30 }, () => ({ mass: "heavy", sex: "" }));
  let thrown: unknown;
  try {
    batches(json(rows));
  } catch (error) {
    thrown = error;
  }
  if (!isDomainError(thrown, "invalid-argument")) throw thrown;
  expect(thrown.violations).toHaveLength(20);
  expect(thrown.violations[1]).toEqual({
    field: "row 2, mass",
    description: 'found "heavy", wanted a number',
  });
});

test("rows of numbers, or one of them, go to a model with one input", () => {
  const two = tensor("FP32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  expect(
    batches(
      json([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      digits,
    ),
  ).toEqual([{ features: two }]);
  const one = tensor("FP32", [1, 3], Float32Array.of(1, 2, 3));
  expect(batches(json([1, 2, 3]), digits)).toEqual([{ features: one }]);
  expect(batches(json([{ features: [1, 2, 3] }]), digits)).toEqual([{ features: one }]);
});

test.each([
  [[[1, 2]], "found an array of shape [1, 2], wanted [rows, 3] for features"],
  [[[1, 2, 3], [4]], "[1] has 1 numbers, [0] has 3"],
  [[[1, "2", 3]], "[0] is no list of numbers"],
  [[{ features: [1] }], "row 1, features: found a list of 1, wanted a list of 3"],
  [[], "found neither a record nor a list, or an empty one"],
])("%j is refused", (value, message) => {
  expect(() => batches(json(value), digits)).toThrow(message);
});

test("an array for a model of columns is refused", () => {
  expect(() => batches(json([1, 2]))).toThrow("penguins takes the columns mass, sex; give records");
});

test("many rows travel in several requests", () => {
  const rows = Array.from({ length: 2500 }, (_, mass) => ({ mass, sex: "" }));
  const sizes = batches(json(rows)).map(({ mass }) => mass?.shape[0]);
  expect(sizes).toEqual([1024, 1024, 452]);
});

test("a request of the Open Inference Protocol is sent as it is", () => {
  const inputs = [
    { name: "ids", datatype: "INT64", shape: [2, 1], data: [[1], [2]] },
    { name: "flags", datatype: "BOOL", shape: [2], data: [true, false] },
  ];
  expect(batches(json({ inputs }))).toEqual([
    {
      ids: tensor("INT64", [2, 1], BigInt64Array.of(1n, 2n)),
      flags: tensor("BOOL", [2], Uint8Array.of(1, 0)),
    },
  ]);
  const short = [{ ...inputs[0], shape: [3, 1] }];
  expect(() => json({ inputs: short })).toThrow(
    "input ids of shape [3,1] has 2 elements, wanted 3",
  );
  const odd = [{ ...inputs[0], datatype: "INT63" }];
  expect(() => json({ inputs: odd })).toThrow("unknown datatype INT63");
});

test.each([
  ["UINT8", 256],
  ["INT8", -129],
  ["INT32", 1.5],
  ["UINT64", -1],
  ["BOOL", 2],
  ["FP32", "x"],
  ["BYTES", {}],
] as const)("a %s cannot hold %j", (type, value) => {
  expect(() =>
    fill(
      type,
      [1],
      () => value,
      () => "it",
    ),
  ).toThrow();
});

test("answers are told row by row, and as a table", () => {
  const answers = answersOf({
    label: tensor("INT64", [2], BigInt64Array.of(7n, 2n ** 60n)),
    probabilities: tensor("FP32", [2, 2], Float32Array.of(0.25, 0.75, 1, Number.NaN)),
  });
  expect(answers).toEqual([
    { label: 7, probabilities: [0.25, 0.75] },
    { label: "1152921504606846976", probabilities: [1, null] },
  ]);
  expect(`\n${answerTable(answers, plain).join("\n")}`).toMatchInlineSnapshot(`
    "
    ROW                 LABEL   PROBABILITIES
      1                     7   0.2500  0.7500
      2   1152921504606846976   1  —"
  `);
});

test("a long list of probabilities is told by its largest", () => {
  const probabilities = tensor("FP32", [1, 6], Float32Array.of(0, 0, 0.5, 0.25, 0.25, 0));
  expect(answerTable(answersOf({ probabilities }), plain)).toEqual([
    "ROW   PROBABILITIES",
    "  1   0.5000 at 2",
  ]);
});
