import { readFileSync } from "node:fs";
import { DomainError } from "@amaas/errors";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { parseArchitecture, parseJobSpec } from "./index.ts";

const inJob = (architecture: object) =>
  parseJobSpec({
    name: "a",
    task: "classification",
    data: { format: "csv", file: "a.csv", label: "y" },
    architecture,
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
  }).architecture;

test("defaults are those of the schema, in a job and without one", () => {
  const short = [
    { type: "cnn", blocks: [{ filters: 4 }] },
    { type: "resnet" },
    { type: "gru", hidden: 8 },
    { type: "transformer" },
    { type: "wide-deep", hidden: [4] },
  ];
  for (const architecture of short)
    expect(parseArchitecture(architecture)).toEqual(inJob(architecture));
  expect(short.map(parseArchitecture)).toMatchInlineSnapshot(`
    [
      {
        "activation": "relu",
        "blocks": [
          {
            "filters": 4,
            "kernel": 3,
            "layers": 1,
            "pool": 2,
            "stride": 1,
          },
        ],
        "hidden": [],
        "norm": "none",
        "pooling": "max",
        "type": "cnn",
      },
      {
        "activation": "relu",
        "blocks": [
          2,
          2,
          2,
          2,
        ],
        "norm": "group",
        "type": "resnet",
        "width": 64,
      },
      {
        "bidirectional": false,
        "embedding": 32,
        "hidden": 8,
        "layers": 1,
        "pooling": "last",
        "type": "gru",
      },
      {
        "heads": 4,
        "layers": 2,
        "pooling": "mean",
        "type": "transformer",
        "width": 64,
      },
      {
        "activation": "relu",
        "embedding": 16,
        "hidden": [
          4,
        ],
        "type": "wide-deep",
      },
    ]
  `);
});

test("the README's list of architectures is sound, and names defaults", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, block = ""] = /## Architectures[\s\S]*?```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const listed: { architecture: Record<string, unknown> }[] = parseYaml(block);
  expect(listed.length).toBeGreaterThan(6);
  for (const { architecture } of listed) {
    // filters and corrupt are shown though they may be left out.
    const { type, hidden, blocks, code, file, filters, corrupt } = architecture;
    const required = {
      type,
      code,
      file,
      filters,
      corrupt,
      ...(type !== "resnet" && { blocks }),
      ...(type !== "cnn" && { hidden }),
    };
    const short = JSON.parse(JSON.stringify(required));
    const given = { ...architecture, ...(type === "cnn" && { hidden: [] }) };
    const { feedforward: _, ...filled } = { feedforward: 0, ...parseArchitecture(given) };
    expect(parseArchitecture(short)).toEqual(filled);
  }
});

describe("faults", () => {
  const violations = (architecture: object) => {
    try {
      parseArchitecture(architecture);
    } catch (error) {
      if (error instanceof DomainError)
        return Object.fromEntries(error.violations.map((v) => [v.field, v.description]));
    }
    return {};
  };

  test.each([
    [
      { type: "transformer", width: 30, heads: 4 },
      { "architecture.heads": "found 4, wanted a divisor of architecture.width, which is 30" },
    ],
    [
      { type: "cnn", blocks: [{ filters: 0 }, { kernel: 3 }], norm: "batch" },
      {
        "architecture.blocks[0].filters":
          "found 0, wanted a whole number, at least 1 and at most 8192",
        "architecture.blocks[1].filters":
          "is missing, wanted a whole number, at least 1 and at most 8192",
        "architecture.norm": 'found "batch", wanted one of none, group, layer',
      },
    ],
    [
      { type: "mlp", hidden: [4], dropout: 1, initializer: { type: "normal" } },
      {
        "architecture.dropout": "found 1, wanted a number, at least 0 and less than 1",
        "architecture.initializer.std": "is missing, wanted a number, more than 0 and at most 1000",
      },
    ],
    [
      { type: "onnx", train: [], initial: "zeros", head: { outputs: "new", width: 3 } },
      {
        "architecture.file": "is missing, wanted a path, or sha256: and 64 hex digits",
        "architecture.train": "found a list of 0 items, wanted a list of 1 to 100 items",
        "architecture.initial": 'found "zeros", wanted one of file, fresh',
        "architecture.head.outputs": 'found "new", wanted one of keep, replace',
        "architecture.head.width": "is not a known field; wanted one of outputs",
      },
    ],
    [
      { type: "mpl", hidden: [4] },
      {
        "architecture.type":
          'found "mpl", wanted one of mlp, linear, cnn, resnet, rnn, gru, lstm, transformer, wide-deep, gpt, autoencoder, unet, onnx',
      },
    ],
  ])("of %j are all named", (architecture, wanted) => {
    expect(violations(architecture)).toEqual(wanted);
  });
});
