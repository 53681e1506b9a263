import { equals, toJson } from "@bufbuild/protobuf";
import { DescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseText } from "./index.ts";
import { printText } from "./print.fixture.ts";
import { messages, schemaOf } from "./schema.fixture.ts";

const schema = schemaOf("inference.ModelConfig");
const read = (text: string) =>
  toJson(schema, parseText(schema, text, { file: "config.pbtxt" }), { useProtoFieldName: true });

describe("what a text may look like", () => {
  test("a configuration as people write them", () => {
    const text = `
      name: "resnet"   # the folder's
      platform: 'onnxruntime_onnx'
      max_batch_size: 0x10
      input [
        { name: "data" data_type: TYPE_FP32, format: FORMAT_NCHW; dims: [ 3, -1, 224 ] },
        < name: "mask", data_type: 1 dims: 010 dims: - 1 reshape: { shape: [] } >
      ]
      output: { name: "prob" label_filename: "labels" '.txt' dims: 1000 }
      version_policy { latest { num_versions: 2 } }
      instance_group [ { count: 2 kind: KIND_CPU } ];
      dynamic_batching {
        preferred_batch_size: [ 4, 8 ]
        max_queue_delay_microseconds: 100
        priority_queue_policy { key: 1 value { max_queue_size: 3 timeout_action: DELAY } }
        priority_queue_policy: [ { key: 2 value: { allow_timeout_override: True } }, { } ]
      }
      parameters { key: "intra\\x5fop\\n" value: { string_value: "caf\\303\\251 \\u00e9" } }
      response_cache { enable: t }
      model_metrics { metric_control { histogram_options { buckets: [ .5, 1e3, 2.5f, -inf ] } } }
    `;
    expect(read(text)).toEqual({
      name: "resnet",
      platform: "onnxruntime_onnx",
      max_batch_size: 16,
      input: [
        {
          name: "data",
          data_type: "TYPE_FP32",
          format: "FORMAT_NCHW",
          dims: ["3", "-1", "224"],
        },
        { name: "mask", data_type: "TYPE_BOOL", dims: ["8", "-1"], reshape: {} },
      ],
      output: [{ name: "prob", label_filename: "labels.txt", dims: ["1000"] }],
      version_policy: { latest: { num_versions: 2 } },
      instance_group: [{ count: 2, kind: "KIND_CPU" }],
      dynamic_batching: {
        preferred_batch_size: [4, 8],
        max_queue_delay_microseconds: "100",
        priority_queue_policy: {
          0: {},
          1: { max_queue_size: 3, timeout_action: "DELAY" },
          2: { allow_timeout_override: true },
        },
      },
      parameters: { "intra_op\n": { string_value: "café é" } },
      response_cache: { enable: true },
      model_metrics: {
        metric_control: [{ histogram_options: { buckets: [0.5, 1000, 2.5, "-Infinity"] } }],
      },
    });
  });

  test("nothing at all, and comments alone", () => {
    expect(read("")).toEqual({});
    expect(read("# none\n\t\r\n#")).toEqual({});
  });
});

test("what is printed reads as the same message, whatever the message", () => {
  fc.assert(
    fc.property(messages(schema), ({ message }) => {
      const text = printText(schema, message);
      expect(equals(schema, parseText(schema, text), message), text).toBe(true);
    }),
  );
});

describe("what is refused, and where", () => {
  const faults: readonly [text: string, message: string][] = [
    ['nmae: "x"', 'config.pbtxt:1:1: found "nmae", wanted a field of ModelConfig: name, platform'],
    ["\n  max_batch_size 8", 'config.pbtxt:2:18: found "8", wanted :'],
    ["max_batch_size: 8.5", 'found "8.5", wanted a whole number from -2147483648 to 2147483647'],
    ["max_batch_size: 2147483648", "wanted a whole number"],
    ["max_batch_size: 08", 'found "08", wanted a whole number'],
    ['max_batch_size: "8"', "wanted a whole number"],
    ["max_batch_size: 1 max_batch_size: 2", ':1:19: found "max_batch_size", wanted it once'],
    ["version_policy { latest {} all {} }", "wanted one of latest, all, specific"],
    ["name: on", "wanted a quoted string"],
    ["input { dims: [1, 2 }", ':1:21: found "}", wanted , or ]'],
    ["input { dims: [1,] }", 'found "]", wanted a whole number'],
    ["input { data_type: TYPE_FLOAT }", "wanted one of TYPE_INVALID, TYPE_BOOL"],
    ["input { data_type: 99 }", "wanted one of TYPE_INVALID"],
    ["input { name: 'x'", "found the end, wanted a field of ModelInput or }"],
    ["input < name: 'x' }", 'found "}", wanted a field of ModelInput or >'],
    ["input 3", 'found "3", wanted {'],
    ["name: 'x", "found the end, wanted '"],
    ["name: 'x\n'", "found the end of the line, wanted '"],
    ["name: '\\q'", "wanted an escape"],
    ["name: '\\777'", "wanted an escape"],
    ["name: '\\xff'", "wanted text in UTF-8"],
    ["name: '\\ud800'", "wanted an escape"],
    ["response_cache { enable: yes }", "wanted true or false"],
    ["parameters { kee: 'x' }", "wanted key, value or }"],
    ["parameters { key: 'x' key: 'y' }", "wanted it once"],
    ["metric_tags { key: 'x' value {} }", "wanted :"],
    ["[some.extension] { }", 'found "[", wanted a field of ModelConfig'],
    ["name: 'x' }", 'found "}"'],
    ["max_batch_size: 1x", 'found "1x", wanted a name, a number, a string or a sign'],
    ["max_batch_size: 1_000", 'found "1_000"'],
    ["name: @", 'found "@"'],
    ["\0", "wanted a name"],
  ];
  test.each(faults)("%j", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  test("text without end and messages without bottom", () => {
    expect(() => read("#".repeat(2 ** 20 + 1))).toThrow("wanted at most 1048576");
    const deep = "nested_type { ".repeat(70_000);
    expect(() => parseText(DescriptorProtoSchema, deep)).toThrow("wanted messages at most 64 deep");
  });

  test("any text is read or refused, and soon", () => {
    const piece = fc.constantFrom(
      ..."name: input { } < > [ ] , ; 'x' \"y\" 1 -1 0x1 1.5 dims # \n \\ key value : parameters true".split(
        " ",
      ),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseText(schema, text);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid-argument" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
