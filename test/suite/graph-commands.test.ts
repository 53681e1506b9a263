/** What a person does with the file of a model at a shell: read it, check it, compare it, train with it. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSession } from "@amaas/engine";
import { graphBuilder, readModel, tensorOf, writeModel } from "@amaas/graph";
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  ModelProto,
  NodeProto,
  TensorProto_DataLocation,
} from "@amaas/proto/onnx/onnx";
import type { Tensor } from "@amaas/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import { inProcess } from "./amaas.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const main = fileURLToPath(import.meta.resolve("@amaas/cli/main"));

const weights = [0.5, -1, 2, 0.25, 1, -0.5];

/** One layer, a loss, and a table that the loss knows nothing of. */
function regression(bias = 0.25): Uint8Array {
  const g = graphBuilder("regression");
  const x = g.input("x", "FP32", ["rows", 3]);
  const t = g.input("target", "FP32", ["rows", 2]);
  const w = g.initializer("layer.weight", tensorOf("FP32", [3, 2], weights));
  const b = g.initializer("layer.bias", tensorOf("FP32", [2], [bias, -0.5]));
  const table = g.initializer("table", tensorOf("FP32", [5], [1, 2, 3, 4, 5]));
  const y = g.add(g.matMul(x, w), b);
  g.output("y", y);
  const error = g.sub(y, t);
  g.output(
    "loss",
    g.reduceSum(
      g.mul(error, g.mul(error, g.initializer("half", tensorOf("FP32", [], [0.5])))),
      undefined,
      { keepdims: false },
    ),
  );
  g.output("doubled", g.add(table, table));
  return writeModel(g.model({ author: "a person" }));
}

function messages(bytes: Uint8Array, change: (graph: NonNullable<ModelProto["graph"]>) => void) {
  const model = ModelProto.decode(bytes);
  change(model.graph!);
  return ModelProto.encode(model).finish();
}

/** Moves what is in an initializer to where another exporter would have put it: a Constant node. */
function asConstantNode(bytes: Uint8Array, name: string): Uint8Array {
  return messages(bytes, (graph) => {
    const [tensor] = graph.initializer.splice(
      graph.initializer.findIndex((each) => each.name === name),
      1,
    );
    const attribute = AttributeProto.create({ name: "value", type: AttributeType.TENSOR });
    attribute.t = tensor;
    const node = NodeProto.create({ opType: "Constant" });
    node.output = [name];
    node.attribute = [attribute];
    graph.node.unshift(node);
  });
}

/** Moves the elements of an initializer to another file. */
function withExternal(bytes: Uint8Array, name: string, location: string) {
  let data = new Uint8Array();
  const model = messages(bytes, (graph) => {
    const tensor = graph.initializer.find((each) => each.name === name)!;
    data = Uint8Array.from(tensor.rawData);
    tensor.rawData = new Uint8Array();
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = [
      { key: "location", value: location },
      { key: "offset", value: "8" },
      { key: "length", value: `${data.byteLength}` },
    ];
  });
  const file = new Uint8Array(8 + data.byteLength);
  file.set(data, 8);
  return { model, file };
}

let folder: string;
const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
const read = (name: string) => readModel(readFileSync(join(folder, name)));
const graph = (...args: string[]) => inProcess(folder, ["graph", ...args]);
const document = async (...args: string[]) => {
  const { stdout, stderr } = await graph(...args, "--output", "json");
  expect(stderr).toBe("");
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(stdout);
};

beforeEach(async () => {
  folder = await temporaryFolder();
  put("model.onnx", regression());
});

describe("gradient", () => {
  test("writes what the engine trains with, with the weights as inputs", async () => {
    const ran = await graph("gradient", "model.onnx", "--loss", "loss", "-o", "gradient.onnx");
    expect(ran).toMatchObject({ code: 0, stdout: "" });
    expect(ran.stderr).toMatch(
      /^gradient\.onnx: 3 gradients, \d+ nodes forward, \d+ backward, [\d.]+ k?B, in \d+ ms\n3 initializers are inputs of it; the values are in model\.onnx\nno gradient: table \(the loss does not depend on it\)\n$/,
    );
    const { graph: found, metadata } = read("gradient.onnx");
    expect(found.inputs.map(({ name }) => name)).toEqual([
      "x",
      "target",
      "layer.weight",
      "layer.bias",
      "half",
    ]);
    expect(found.outputs.map(({ name }) => name)).toEqual([
      "loss",
      "grad/layer.weight",
      "grad/layer.bias",
      "grad/half",
    ]);
    expect(metadata).toEqual({ author: "a person" });

    const x = [1, 2, 3, -1, 0.5, 2];
    const target = [0, 1, 2, 0];
    const initial = read("model.onnx").graph.initializers;
    const made = await runOnEngine("gradient.onnx", {
      x: tensorOf("FP32", [2, 3], x),
      target: tensorOf("FP32", [2, 2], target),
      ...Object.fromEntries(
        ["layer.weight", "layer.bias", "half"].map((name) => [name, initial.get(name)!]),
      ),
    });
    // y = x w + b, loss = sum (y - t)^2 / 2, so that d loss / d w = x' (y - t).
    const error = [0, 1].map((row) =>
      [0, 1].map((column) => {
        const sum = [0, 1, 2].reduce(
          (all, k) => all + x[row * 3 + k]! * weights[k * 2 + column]!,
          0,
        );
        return sum + [0.25, -0.5][column]! - target[row * 2 + column]!;
      }),
    );
    const slope = [0, 1, 2].flatMap((k) =>
      [0, 1].map((column) => x[k]! * error[0]![column]! + x[3 + k]! * error[1]![column]!),
    );
    const square = error.flat().reduce((all, each) => all + each * each, 0);
    expectClose(made["grad/layer.weight"], slope);
    expectClose(
      made["grad/layer.bias"],
      [0, 1].map((column) => error[0]![column]! + error[1]![column]!),
    );
    expectClose(made["grad/half"], [square]);
    expectClose(made.loss, [square / 2]);
  });

  test("takes Constant nodes for numbers of the program, unless they are named", async () => {
    put("constant.onnx", asConstantNode(regression(), "half"));
    const found = await document("gradient", "constant.onnx", "--loss", "loss", "-o", "out.onnx");
    expect(found).toMatchObject({
      from: "constant.onnx",
      file: "out.onnx",
      loss: "loss",
      gradients: { "layer.weight": "grad/layer.weight", "layer.bias": "grad/layer.bias" },
      becameInputs: ["layer.weight", "layer.bias"],
      withoutGradient: ["table"],
    });
    expect(found.bytes).toBe(readFileSync(join(folder, "out.onnx")).byteLength);
    expect(found.nodes.forward + found.nodes.backward).toBe(read("out.onnx").graph.nodes.length);
    const named = await document(
      "gradient",
      "constant.onnx",
      "--loss",
      "loss",
      "--wrt",
      "half",
      "-o",
      "out.onnx",
    );
    expect(named.becameInputs).toEqual(["half"]);
  });

  test("keeps what it is told to keep, and takes inputs and lists", async () => {
    const args = ["gradient", "model.onnx", "--loss", "loss", "-o", "out.onnx"];
    await graph(...args, "--keep-initializers", "--keep-outputs");
    const kept = read("out.onnx").graph;
    expect(kept.inputs.map(({ name }) => name)).toEqual(["x", "target"]);
    expect(kept.outputs.slice(0, 3).map(({ name }) => name)).toEqual(["y", "loss", "doubled"]);
    expect(kept.initializers.get("layer.weight")?.data).toEqual(Float32Array.from(weights));

    const listed = await document(...args, "--wrt", "x, layer.bias", "--wrt", "x");
    expect(Object.keys(listed.gradients)).toEqual(["x", "layer.bias"]);
    expect(listed).toMatchObject({ becameInputs: ["layer.bias"], withoutGradient: [] });
    expect(read("out.onnx").graph.initializers.has("layer.weight")).toBe(true);
  });

  test("works in a pipe, and gives the same bytes each time", async () => {
    await graph("gradient", "model.onnx", "--loss", "loss", "-o", "out.onnx");
    const piped = spawnSync(
      process.execPath,
      [main, "graph", "gradient", "-", "--loss", "loss", "-o", "-"],
      {
        input: regression(),
      },
    );
    expect(piped.stderr.toString()).toContain("the values are in stdin");
    expect(piped.status).toBe(0);
    expect(piped.stdout.equals(readFileSync(join(folder, "out.onnx")))).toBe(true);
  });

  test("replaces the file that a link leads to, and leaves nothing beside it", async () => {
    put("old.onnx", Uint8Array.of(1));
    symlinkSync("old.onnx", join(folder, "link.onnx"));
    await graph("gradient", "model.onnx", "--loss", "loss", "-o", "link.onnx");
    expect(read("old.onnx").graph.outputs[0]?.name).toBe("loss");
    expect(readdirSync(folder).sort()).toEqual(["link.onnx", "model.onnx", "old.onnx"]);
  });

  test("refuses what cannot be, and says what would help", async () => {
    const unknown = messages(regression(), ({ node }) => {
      const last = node.find(({ opType }) => opType === "MatMul")!;
      Object.assign(last, { opType: "Mystery", domain: "" });
    });
    put("unknown.onnx", unknown);
    put(
      "plain.onnx",
      messages(regression(), (each) => {
        each.initializer = each.initializer.filter(({ name }) => name === "table");
      }),
    );
    const g = graphBuilder("rounded");
    const rounded = g.sign(g.initializer("w", tensorOf("FP32", [2], [1, 2])));
    g.output("loss", g.reduceSum(rounded, undefined, { keepdims: false }));
    put("rounded.onnx", writeModel(g.model()));
    mkdirSync(join(folder, "there"));
    symlinkSync("model.onnx", join(folder, "same.onnx"));
    const out = ["-o", "out.onnx"];
    const cases: [args: string[], says: string | RegExp, code: number][] = [
      [["none.onnx", "--loss", "loss", ...out], "cannot read the model: there is no file", 1],
      [["there", "--loss", "loss", ...out], "is not a file", 1],
      [
        ["model.onnx", "--loss", "lost", ...out],
        'has no output "lost"; it has "y", "loss", "doubled"',
        1,
      ],
      [
        ["model.onnx", "--loss", "y", ...out],
        'error: the loss "y" is FP32[rows, 2]; one floating-point number is wanted',
        1,
      ],
      [
        ["model.onnx", "--loss", "loss", "--wrt", "layer.wieght", ...out],
        'no input or initializer "layer.wieght"; did you mean "layer.weight"?',
        1,
      ],
      [
        ["model.onnx", "--loss", "loss", "--wrt", "zzzzzz", ...out],
        'it has "x", "target", "layer.weight"',
        1,
      ],
      [["model.onnx", "--loss", "loss", "--wrt", "table", ...out], 'does not depend on "table"', 1],
      [
        ["unknown.onnx", "--loss", "loss", ...out],
        /these have no gradient rule: node "matmul_0" \(Mystery, ai\.onnx opset \d+\)$/m,
        1,
      ],
      [["model.onnx", "--loss", "loss", "-o", "model.onnx"], "is a file of the model itself", 2],
      [["model.onnx", "--loss", "loss", "-o", "same.onnx"], "is a file of the model itself", 2],
      [["model.onnx", "--loss", "loss", "-o", "there"], "cannot write there: it is a folder", 1],
      [["model.onnx", "--loss", "loss", "-o", "nowhere/out.onnx"], "there is no folder", 1],
      [["model.onnx", "--loss", "loss"], "required option '-o, --to <out>' not specified", 2],
      [["model.onnx", "--loss"], "(try: amaas graph gradient --help)", 2],
      [["model.onnx", "--loss", "loss", "--wrt", ",", ...out], "Wanted a name", 2],
      [
        ["rounded.onnx", "--loss", "loss", ...out],
        'the loss "loss" depends on no floating-point initializer; name inputs with --wrt',
        1,
      ],
      [["model.onnx", ...out], "required option '--loss <output>' not specified", 2],
      [
        ["model.onnx", "--loss", "loss", "-o", "-", "--output", "json"],
        "stdout cannot take both",
        2,
      ],
    ];
    for (const [args, says, code] of cases) {
      const ran = await graph("gradient", ...args);
      expect.soft(ran.stderr, args.join(" ")).toMatch(says);
      expect.soft(ran.code, args.join(" ")).toBe(code);
      expect.soft(ran.stdout, args.join(" ")).toBe("");
    }
    expect(existsSync(join(folder, "out.onnx"))).toBe(false);
    expect(read("model.onnx").graph.name).toBe("regression");
    expect(
      (await graph("gradient", "model.onnx", "--loss", "y", ...out)).stderr.trimEnd().split("\n"),
    ).toHaveLength(1);
  });
});

describe("check", () => {
  test("says what can be done with a graph that is well formed", async () => {
    const { code, stdout } = await graph("check", "model.onnx");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ model\.onnx is well formed: 7 nodes\n/);
    expect(stdout).toMatch(/\nMul +2 +yes +yes\n/);
    expect(await document("check", "model.onnx")).toMatchObject({
      file: "model.onnx",
      ok: true,
      faults: [],
      nodes: 7,
      untyped: [],
      files: [{ bytes: regression().byteLength }],
    });
  });

  test("tells all that is wrong", async () => {
    const spoil = (names: readonly string[]) =>
      messages(regression(), ({ node, output }) => {
        for (const each of node) if (names.includes(each.output[0]!)) each.input[1] = "nobody";
        if (names.includes("y")) output.push(output[0]!);
      });
    put("names.onnx", spoil(["matmul_0", "y", "loss"]));
    const names = await graph("check", "names.onnx");
    expect(names.code).toBe(1);
    expect(names.stdout).toMatch(/^✗ names\.onnx is not well formed: 4 faults\n/);
    expect(names.stdout.match(/uses "nobody", which nothing makes/g)).toHaveLength(3);
    expect(names.stdout).toContain('output "y" is named twice');

    put(
      "types.onnx",
      messages(regression(), (each) => {
        for (const tensor of each.initializer)
          if (tensor.name === "layer.bias" || tensor.name === "half") tensor.dataType = 6;
      }),
    );
    const types = await document("check", "types.onnx");
    expect(types.ok).toBe(false);
    expect(types.faults.map(({ what }: { what: string }) => what)).toEqual([
      expect.stringMatching(/^node "y" \(Add.*the inputs are FP32 and INT32/),
      expect.stringMatching(/^node "mul_0" \(Mul.*the inputs are FP32 and INT32/),
    ]);
  });

  test("takes a file that is none for a fault, and a file that is not there for none", async () => {
    put("noise.onnx", Uint8Array.of(1, 2, 3, 4));
    expect(await document("check", "noise.onnx")).toMatchObject({
      ok: false,
      faults: [{ what: expect.stringContaining("this is no readable ONNX model") }],
    });
    put("empty.onnx", new Uint8Array());
    expect((await graph("check", "empty.onnx")).stdout).toMatch(/1 fault\n {2}it is empty\n$/);
    expect((await graph("check", "-")).stdout).toMatch(/^✗ stdin is not well formed/);
    expect((await graph("show", "-")).stderr).toBe("error: stdin: it is empty\n");
    const missing = await graph("check", "nothing.onnx", "--output", "json");
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(JSON.parse(missing.stderr).error.code).toBe("not-found");
  });
});

describe("weights in other files", () => {
  test("are found beside the model, wherever the command is run", async () => {
    mkdirSync(join(folder, "models/deep"), { recursive: true });
    const { model, file } = withExternal(regression(), "layer.weight", "deep/weights.bin");
    put("models/model.onnx", model);
    put("models/deep/weights.bin", file);
    const shown = await graph("show", "models/model.onnx");
    expect(shown.stderr).toBe("");
    expect(shown.stdout).toContain("models/model.onnx, ");
    expect(shown.stdout).toContain(" + deep/weights.bin, 32 B");
    expect((await graph("diff", "model.onnx", "models/model.onnx")).code).toBe(0);
    const refused = await graph(
      "gradient",
      "models/model.onnx",
      "--loss",
      "loss",
      "-o",
      "models/deep/weights.bin",
    );
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a file of the model itself"),
    });
  });

  test("are not looked for outside of its folder, nor taken from what is no file", async () => {
    mkdirSync(join(folder, "inside/pipes"), { recursive: true });
    const says = async (location: string) => {
      const { model, file } = withExternal(regression(), "layer.weight", location);
      put("inside/model.onnx", model);
      put("outside.bin", file);
      const { code, stdout } = await graph("check", "inside/model.onnx");
      expect(code).toBe(1);
      return stdout;
    };
    symlinkSync("../outside.bin", join(folder, "inside/link.bin"));
    symlinkSync("..", join(folder, "inside/up"));
    spawnSync("mkfifo", [join(folder, "inside/pipe")]);
    expect(await says("../outside.bin")).toMatch(
      /may lie outside the folder|leads out of the folder/,
    );
    expect(await says(join(folder, "outside.bin"))).toMatch(
      /may lie outside the folder|leads out of the folder/,
    );
    expect(await says("link.bin")).toContain("leads out of the folder");
    expect(await says("up/outside.bin")).toContain("leads out of the folder");
    expect(await says("pipe")).toContain("is not a file");
    expect(await says("pipes")).toContain("is not a file");
    expect(await says("missing.bin")).toContain("there is no file");
    const { model } = withExternal(regression(), "layer.weight", "outside.bin");
    const piped = spawnSync(process.execPath, [main, "graph", "show", "-"], {
      input: model,
      cwd: folder,
    });
    expect(piped.stderr.toString()).toContain("nothing lies beside stdin");
  });
});

describe("diff", () => {
  test("has the exit codes of diff", async () => {
    put("other.onnx", regression(0.75));
    expect(await graph("diff", "model.onnx", "model.onnx")).toEqual({
      code: 0,
      stdout: "The graphs are the same.\n",
      stderr: "",
    });
    const { code, stdout } = await graph("diff", "model.onnx", "other.onnx");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^~ initializer layer\.bias FP32\[2\]: 1 element differs, at most 0\.5000 apart\n {4}sha256:\w{12} → sha256:\w{12}\nThe graphs differ in 1 initializer\.\n$/,
    );
    expect((await graph("diff", "model.onnx", "other.onnx", "--structure")).code).toBe(0);
    expect((await graph("diff", "model.onnx", "nothing.onnx")).code).toBe(2);
    const trouble = await graph("diff", "model.onnx", "nothing.onnx", "--output", "json");
    expect(JSON.parse(trouble.stderr).error.code).toBe("not-found");
    expect((await graph("diff", "model.onnx")).code).toBe(2);
    expect(await graph("diff", "-", "-")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("only one of the two can be -"),
    });
    expect((await graph("diff", "model.onnx", "other.onnx", "--weights", "--structure")).code).toBe(
      2,
    );
  });

  test("tells what a gradient has more than its model", async () => {
    await graph(
      "gradient",
      "model.onnx",
      "--loss",
      "loss",
      "--keep-outputs",
      "-o",
      "gradient.onnx",
    );
    const { stdout } = await graph("diff", "model.onnx", "gradient.onnx");
    expect(stdout).toContain("+ input layer.weight FP32[3, 2]\n");
    expect(stdout).toContain("- initializer layer.weight FP32[3, 2] sha256:");
    expect(stdout).toContain("+ output grad/layer.weight FP32[3, 2]\n");
    expect(stdout).not.toMatch(/^[~-] node/m);
    const found = await document("diff", "model.onnx", "gradient.onnx", "--weights");
    expect(found).toMatchObject({ from: "model.onnx", to: "gradient.onnx", equal: false });
    expect(found.initializers[0]).toMatchObject({
      value: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });
});

describe("show", () => {
  test("prints a graph to be read", async () => {
    const { code, stdout } = await graph("show", "model.onnx");
    expect(code).toBe(0);
    expect(stdout.replace(/model\.onnx, \d+ B/, "model.onnx")).toMatchInlineSnapshot(`
      "file         model.onnx
      opsets       ai.onnx 23
      inputs       x FP32[rows, 3], target FP32[rows, 2]
      outputs      y FP32[rows, 2], loss FP32[], doubled FP32[5]
      parameters   14 numbers in 4 tensors, 56 B
      nodes        7

      regression(x: FP32[rows, 3], target: FP32[rows, 2])
        const layer.weight: FP32[3, 2]
        const table: FP32[5]
        matmul_0 = MatMul(x, layer.weight) : FP32[rows, 2]
        y        = Add(matmul_0, [0.25, -0.5]) : FP32[rows, 2]
        sub_0    = Sub(y, target) : FP32[rows, 2]
        mul_0    = Mul(sub_0, 0.5) : FP32[rows, 2]
        mul_1    = Mul(sub_0, mul_0) : FP32[rows, 2]
        loss     = ReduceSum(mul_1, keepdims=0) : FP32[]
        doubled  = Add(table, table) : FP32[5]
        return y: FP32[rows, 2], loss: FP32[], doubled: FP32[5]

      OPERATOR    NODES
      Add             2
      Mul             2
      MatMul          1
      ReduceSum       1
      Sub             1
      "
    `);
    const short = await graph("show", "model.onnx", "--nodes", "2");
    expect(short.stdout).toContain("  ... and 5 more nodes\n");
  });

  test("prints what is about one value, a picture, or a document", async () => {
    expect((await graph("show", "model.onnx", "--only", "y")).stdout).toMatchInlineSnapshot(`
      "y     = Add(matmul_0, [0.25, -0.5]) : FP32[rows, 2]
      sub_0 = Sub(y, target) : FP32[rows, 2]
      "
    `);
    const typo = await graph("show", "model.onnx", "--only", "matmul_O");
    expect(typo).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean "matmul_0"?'),
    });
    for (const part of [["--dot"], ["--nodes", "1"], ["--only", "y"]])
      expect(await graph("show", "model.onnx", "--output", "json", ...part)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("tells all of the graph"),
      });
    const { stdout } = await graph("show", "model.onnx", "--dot");
    expect(stdout).toMatch(/^digraph "regression" \{\n.*\n\}\n$/s);
    const found = await document("show", "model.onnx");
    expect(found).toMatchObject({ name: "regression", metadata: { author: "a person" } });
    expect(found.nodes[0]).toEqual({
      name: "matmul_0",
      op: "MatMul",
      domain: "",
      inputs: ["x", "layer.weight"],
      outputs: [{ name: "matmul_0", type: "FP32", shape: ["rows", 2] }],
      attributes: {},
    });
    expect(found.initializers[0]).toEqual({
      name: "layer.weight",
      type: "FP32",
      shape: [3, 2],
      bytes: 24,
      values: weights,
    });
  });

  test("lets no name in a file move the cursor", async () => {
    put(
      "evil.onnx",
      messages(regression(), (each) => {
        each.name = "a\u001b[2J";
        each.node[0]!.name = "b\u001b[2J";
      }),
    );
    for (const args of [["show"], ["show", "--dot"], ["check"]]) {
      const [command = "", ...flags] = args;
      const ran = await graph(command, "evil.onnx", ...flags);
      expect(ran.code).toBe(0);
      expect(ran.stdout).not.toContain("\u001b");
    }
  });
});

async function runOnEngine(file: string, feeds: Readonly<Record<string, Tensor>>) {
  const session = await openSession(readFileSync(join(folder, file)));
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function expectClose(found: Tensor | undefined, wanted: readonly number[]): void {
  const numbers = Array.from(found?.data ?? [], Number);
  expect(numbers).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) expect(numbers[at]).toBeCloseTo(value, 4);
}
