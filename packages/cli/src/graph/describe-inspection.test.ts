import { expect, test } from "vitest";
import { plain } from "../terminal/style.ts";
import { describeInspection } from "./describe-inspection.ts";

test("lists are as wide as there is room", () => {
  const found = {
    ok: true,
    faults: [],
    nodes: 3,
    opsets: [{ domain: "", version: 23 }],
    untyped: ["first", "second", "third"],
    operators: [{ domain: "org.example", op: "Mystery", count: 3, kernel: false, gradient: false }],
    files: [],
  } as const;
  expect(describeInspection("model.onnx", found, plain, 25).join("\n")).toMatchInlineSnapshot(`
    "✓ model.onnx is well formed: 3 nodes

    opsets    ai.onnx 23
    no type   first, second,
              third

    OPERATOR              NODES   KERNEL   GRADIENT
    org.example.Mystery       3   no       no"
  `);
});
