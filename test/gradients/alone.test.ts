/** The example of autodiff's README, run as a stranger would who has the two packages and onnxruntime-node alone. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { graphBuilder, writeModel } from "@amaas/graph";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "amaas-alone-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packages = {
  "@amaas/autodiff": join(root, "packages/autodiff"),
  "@amaas/graph": join(root, "packages/graph"),
  "onnxruntime-node": join(root, "packages/engine/node_modules/onnxruntime-node"),
};

test("ten lines give a loss and a gradient", () => {
  for (const [name, path] of Object.entries(packages)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(path), link);
  }
  const readme = readFileSync(join(root, "packages/autodiff/README.md"), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  writeFileSync(join(folder, "example.mts"), example);
  writeFileSync(join(folder, "model.onnx"), model());
  const said = execFileSync(process.execPath, ["example.mts"], { cwd: folder, encoding: "utf8" });
  // x w = [[3, 5], [7, 11]], and its squares are 9 + 25 + 49 + 121; 2 xᵀ (x w) is the gradient.
  expect(said.replaceAll(/\s+/g, " ").trim()).toBe(
    "Float32Array(1) [ 204 ] [ 2, 2 ] Float32Array(4) [ 48, 76, 68, 108 ]",
  );
});

/** The sum of the squares of x w. */
function model(): Uint8Array {
  const g = graphBuilder("squares");
  const w = g.initializer("w", {
    type: "FP32",
    shape: [2, 2],
    data: Float32Array.of(1, 1, 1, 2),
  });
  const y = g.matMul(g.input("x", "FP32", [2, 2]), w);
  g.output("loss", g.reduceSum(g.mul(y, y), undefined, { keepdims: false }));
  return writeModel(g.model());
}
