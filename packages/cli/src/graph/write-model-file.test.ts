import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphBuilder, readModel, tensorOf } from "@amaas/graph";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Shell } from "../shell.ts";
import { loadModel } from "./load-model.ts";
import { openTarget } from "./write-model-file.ts";

let shell: Shell;
let said: (string | Uint8Array)[];

beforeEach(() => {
  said = [];
  shell = {
    command: "amaas",
    env: {},
    directory: mkdtempSync(join(tmpdir(), "amaas-write-")),
    input: (async function* () {})(),
    stdout: { write: (chunk) => said.push(chunk) },
    stderr: { write: () => {} },
    signal: new AbortController().signal,
    onImpatience: () => {},
  };
});
afterEach(() => rmSync(shell.directory, { recursive: true }));

const numbers = Array.from({ length: 600 }, (_, index) => index / 7);

function model() {
  const g = graphBuilder("model");
  g.output("y", g.relu(g.initializer("w", tensorOf("FP32", [600], numbers))));
  return g.model();
}

test("a model too large for one file has its weights beside it, and is read again with them", async () => {
  const written = await openTarget(shell, "large.onnx", [], 1000).write(model());
  expect(written).toEqual({ bytes: expect.any(Number), data: "large.onnx.data" });
  expect(readdirSync(shell.directory).sort()).toEqual(["large.onnx", "large.onnx.data"]);
  const loaded = await loadModel(shell, "large.onnx");
  expect(loaded.files.map(({ location }) => location)).toEqual([undefined, "large.onnx.data"]);
  expect(loaded.model.graph.initializers.get("w")?.data).toEqual(Float32Array.from(numbers));
  expect(() => openTarget(shell, "large.onnx.data", loaded.files)).toThrow(
    "large.onnx.data is a file of the model itself",
  );
});

test("the weights beside it are no file that the model was read from", async () => {
  writeFileSync(join(shell.directory, "out.onnx.data"), "weights");
  const source = { path: join(shell.directory, "out.onnx.data"), bytes: 7, location: "" };
  const target = openTarget(shell, "out.onnx", [source], 1000);
  await expect(target.write(model())).rejects.toThrow(
    "out.onnx.data is a file of the model itself",
  );
  expect(readdirSync(shell.directory)).toEqual(["out.onnx.data"]);
  expect(readFileSync(source.path, "utf8")).toBe("weights");
});

test("what cannot be written is refused before there is anything to write", () => {
  writeFileSync(join(shell.directory, "file"), "text");
  const open = (file: string) => () => openTarget(shell, file, []);
  const folder = join(shell.directory, "none");
  expect(open("none/out.onnx")).toThrow(`cannot write none/out.onnx: there is no folder ${folder}`);
  expect(open("file/out.onnx")).toThrow("cannot write file/out.onnx: there is no folder");
  expect(open(".")).toThrow("cannot write .: it is a folder");
});

test("stdout takes the bytes of one file, if it is no terminal", async () => {
  await openTarget(shell, "-", []).write(model());
  expect(readModel(Buffer.concat(said.map((chunk) => Buffer.from(chunk)))).graph.name).toBe(
    "model",
  );
  await expect(openTarget(shell, "-", [], 1000).write(model())).rejects.toThrow(
    "too large for one file, and nothing lies beside stdout",
  );
  const terminal = { ...shell, stdout: { ...shell.stdout, isTTY: true } };
  expect(() => openTarget(terminal, "-", [])).toThrow("found -o - at a terminal");
});

test("a device is written to, and stays one", async () => {
  const written = await openTarget(shell, "/dev/null", []).write(model());
  expect(written.bytes).toBeGreaterThan(2400);
  await openTarget(shell, "/dev/null", []).write(model());
});
