import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  printGraph,
  tensorOf,
  toTensor,
  type Value,
  withOutputs,
  writeModel,
} from "@amaas/graph";
import { describe, expect, test } from "vitest";
import { gradient } from "./index.ts";
import { array, expectClose } from "./oracle.fixture.ts";

/** A classifier with one hidden layer and a cross-entropy loss spelled out in plain operators. */
function classifier(type: "FP32" | "FP64"): Graph {
  const g = graphBuilder("classifier");
  const x = g.input("x", type, ["batch", 3]);
  const labels = g.input("labels", "INT32", ["batch"]);
  const w1 = g.input("w1", type, [3, 4]);
  const b1 = g.input("b1", type, [4]);
  const w2 = g.input("w2", type, [4, 2]);
  const b2 = g.input("b2", type, [2]);
  const logits = g.gemm(g.tanh(g.gemm(x, w1, b1)), w2, b2);
  const shifted = g.sub(logits, g.reduceMax(logits, [1]));
  const total = g.log(g.reduceSum(g.exp(shifted), [1]));
  const chosen = g.gatherElements(shifted, g.unsqueeze(labels, [1]), 1);
  g.output("loss", g.reduceSum(g.sub(total, chosen), undefined, { keepdims: false }));
  return g.build();
}

const weights = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(3 * i + 1));
const feeds = (type: "FP32" | "FP64"): Readonly<Record<string, NDArray>> => ({
  x: ndarray(type, [3, 3], [0.5, -1, 2, 0.25, 0.75, -0.5, 1, 1, -2]),
  labels: ndarray("INT32", [3], [1, 0, 1]),
  w1: ndarray(type, [3, 4], weights(12)),
  b1: ndarray(type, [4], weights(4)),
  w2: ndarray(type, [4, 2], weights(8)),
  b2: ndarray(type, [2], [0.1, -0.1]),
});

const wrt = ["w1", "b1", "w2", "b2"];

describe("a classifier", () => {
  test("has a backward graph one can read", () => {
    const small = graphBuilder("linear");
    const x = small.input("x", "FP32", ["batch", 3]);
    const w = small.input("w", "FP32", [3, 2]);
    const b = small.input("b", "FP32", [2]);
    const y = small.relu(small.gemm(x, w, b));
    small.output("loss", small.reduceSum(small.mul(y, y), undefined, { keepdims: false }));
    const graph = gradient(small.build(), { loss: "loss", wrt: ["w", "b"] });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "linear(x: FP32[batch, 3], w: FP32[3, 2], b: FP32[2])
        gemm_0   = Gemm(x, w, b) : FP32[batch, 2]
        relu_0   = Relu(gemm_0) : FP32[batch, 2]
        mul_0    = Mul(relu_0, relu_0) : FP32[batch, 2]
        loss     = ReduceSum(mul_0, keepdims=0) : FP32[]
        shape_0  = Shape(mul_0) : INT64[2]
        expand_0 = Expand(1, shape_0) : FP32[batch, 2]
        mul_1    = Mul(expand_0, relu_0) : FP32[batch, 2]
        mul_2    = Mul(expand_0, relu_0) : FP32[batch, 2]
        add_0    = Add(mul_1, mul_2) : FP32[batch, 2]
        cast_0   = Cast(relu_0, to=9) : BOOL[batch, 2]
        where_0  = Where(cast_0, add_0, 0) : FP32[batch, 2]
        grad/w   = Gemm(x, where_0, transA=1) : FP32[3, 2]
        grad/b   = ReduceSum(where_0, [0], keepdims=0) : FP32[2]
        return loss: FP32[], grad/w: FP32[3, 2], grad/b: FP32[2]"
    `);
  });

  test("has the gradients of central differences", () => {
    const graph = classifier("FP64");
    const found = evaluate(gradient(graph, { loss: "loss", wrt }), feeds("FP64"));
    for (const name of wrt) {
      const value = feeds("FP64")[name]!;
      const { shape } = value;
      const lossAt = (index: number, change: number) => {
        const moved = [...numbersOf(value)];
        moved[index]! += change;
        const { loss } = evaluate(graph, { ...feeds("FP64"), [name]: array(shape, moved) });
        return Number(loss!.data[0]);
      };
      const slopes = Array.from(
        numbersOf(value),
        (_, i) => (lossAt(i, 1e-5) - lossAt(i, -1e-5)) / 2e-5,
      );
      expectClose(found[`grad/${name}`]!, array(shape, slopes), 1e-7);
    }
  });

  test("gives the same in float32 on the engine", async () => {
    const graph = gradient(classifier("FP32"), { loss: "loss", wrt });
    const expected = evaluate(graph, feeds("FP32"));
    const session = await openSession(writeModel(modelOf(graph)));
    const tensors = Object.entries(feeds("FP32")).map(([name, value]) => [name, toTensor(value)]);
    const found = await session.run(Object.fromEntries(tensors));
    await session.release();
    expect(session.outputs.map(({ name }) => name)).toEqual([
      "loss",
      "grad/w1",
      "grad/b1",
      "grad/w2",
      "grad/b2",
    ]);
    for (const { name } of graph.outputs)
      expectClose(fromTensor(found[name]!), expected[name]!, 1e-5);
  });

  test("is the same graph, byte for byte, every time", () => {
    const derive = () => writeModel(modelOf(gradient(classifier("FP32"), { loss: "loss", wrt })));
    expect(derive()).toEqual(derive());
  });
});

function scalarLoss(build: (g: GraphBuilder, x: Value) => Value, shape: readonly number[]): Graph {
  const g = graphBuilder("case");
  const x = g.input("x", "FP64", shape);
  g.output("loss", g.reduceSum(build(g, x), undefined, { keepdims: false }));
  return g.build();
}

function slopes(
  build: (g: GraphBuilder, x: Value) => Value,
  data: readonly number[],
): readonly unknown[] {
  const graph = gradient(scalarLoss(build, [data.length]), { loss: "loss", wrt: ["x"] });
  return [...numbersOf(evaluate(graph, { x: array([data.length], data) })["grad/x"]!)];
}

describe("where a slope is a matter of choice", () => {
  test("the largest share it evenly", () => {
    expect(slopes((g, x) => g.reduceMax(x, [0]), [2, 5, 5, 1])).toEqual([0, 0.5, 0.5, 0]);
  });

  test("Relu and Abs are flat at 0", () => {
    expect(slopes((g, x) => g.relu(x), [-1, 0, 2])).toEqual([0, 0, 1]);
    expect(slopes((g, x) => g.abs(x), [-1, 0, 2])).toEqual([-1, 0, 1]);
  });

  test("powers of 0 stay finite", () => {
    expect(slopes((g, x) => g.pow(x, g.scalar(2, x)), [-3, 0, 3])).toEqual([-6, 0, 6]);
    expect(slopes((g, x) => g.pow(x, g.scalar(0, x)), [-3, 0, 3])).toEqual([0, 0, 0]);
    expect(slopes((g, x) => g.pow(g.scalar(0, x), x), [1, 2, 3])).toEqual([0, 0, 0]);
    expect(slopes((g, x) => g.pow(x, g.scalar(3, "INT64")), [-1, 0, 2])).toEqual([3, 0, 12]);
  });

  test("what Where leaves out does not reach its gradient", () => {
    const build = (g: GraphBuilder, x: Value) => {
      const positive = g.greater(x, g.scalar(0, x));
      return g.where(positive, g.log(g.where(positive, x, g.scalar(1, x))), x);
    };
    expect(slopes(build, [-1, 0, 2])).toEqual([1, 1, 0.5]);
  });
});

describe("the walk", () => {
  test("adds what reaches one value over several ways", () => {
    expect(slopes((g, x) => g.add(g.mul(x, x), g.add(x, x)), [3, -1])).toEqual([8, 0]);
  });

  test("emits nothing for what is not asked for", () => {
    const g = graphBuilder("two");
    const [a, b] = [g.input("a", "FP32", [2, 2]), g.input("b", "FP32", [2, 2])];
    g.output("loss", g.reduceSum(g.matMul(g.exp(a), b), undefined, { keepdims: false }));
    const graph = gradient(g.build(), { loss: "loss", wrt: ["b"] });
    expect(graph.nodes.map((node) => node.op)).toEqual([
      "Exp",
      "MatMul",
      "ReduceSum",
      "Expand",
      "Gemm",
    ]);
  });

  test("takes initializers and values in between", () => {
    const g = graphBuilder("inner");
    const x = g.input("x", "FP64", [2]);
    const w = g.initializer("w", tensorOf("FP64", [2], [3, 4]));
    const graph = (() => {
      g.output("y", g.mul(x, w));
      return g.build();
    })();
    const outer = graphBuilder("outer");
    const made = outer.inlineAll(graph, { x: outer.input("x", "FP64", [2]) });
    outer.output(
      "loss",
      outer.reduceSum(outer.exp(made.get("y")!), undefined, { keepdims: false }),
    );
    const derived = gradient(outer.build(), { loss: "loss", wrt: ["w", "y"] });
    const found = evaluate(derived, { x: array([2], [0, 1]) });
    expect([...numbersOf(found["grad/y"]!)]).toEqual([1, Math.exp(4)]);
    expect([...numbersOf(found["grad/w"]!)]).toEqual([0, Math.exp(4)]);
  });

  test("keeps the other outputs, and a loss that is an input has the slope 1", () => {
    const g = graphBuilder("id");
    const x = g.input("x", "FP64", []);
    g.output("loss", x);
    g.output("double", g.add(x, x));
    const graph = gradient(g.build(), { loss: "loss", wrt: ["x"] });
    const found = evaluate(graph, { x: array([], [7]) });
    expect(Object.entries(found).map(([name, { data }]) => [name, ...data])).toEqual([
      ["loss", 7],
      ["double", 14],
      ["grad/x", 1],
    ]);
  });

  test("stops at what is to be taken for a constant", () => {
    const g = graphBuilder("held");
    const x = g.input("x", "FP64", [2]);
    const square = g.mul(x, x);
    g.output("square", square);
    g.output("loss", g.reduceSum(g.mul(square, x), undefined, { keepdims: false }));
    const options = { loss: "loss", wrt: ["x"], constants: ["square"] };
    const found = evaluate(gradient(g.build(), options), { x: array([2], [2, 3]) });
    expect([...numbersOf(found["grad/x"]!)]).toEqual([4, 9]);
    expect(() => gradient(g.build(), { ...options, constants: ["cube"] })).toThrow(
      'graph "held" has no value "cube"',
    );
  });

  test("tells the gradient at a constant too, and leads it no further", () => {
    const g = graphBuilder("held");
    const x = g.input("x", "FP64", [2]);
    const square = g.mul(x, x);
    g.output("square", square);
    g.output("loss", g.reduceSum(g.mul(square, x), undefined, { keepdims: false }));
    const options = { loss: "loss", wrt: ["x", "square"], constants: ["square"] };
    const found = evaluate(gradient(g.build(), options), { x: array([2], [2, 3]) });
    expect([...numbersOf(found["grad/x"]!)]).toEqual([4, 9]);
    expect([...numbersOf(found["grad/square"]!)]).toEqual([2, 3]);
  });

  test("means the values that it was told, whatever is made up on the way", () => {
    const g = graphBuilder("named");
    const [x, w] = [g.input("x", "FP64", [2]), g.input("w", "FP64", [2])];
    // Mish is spelled out in others, a Tanh among them, before the gradient is taken.
    const held = g.tanh(w);
    g.output("loss", g.reduceSum(g.mul(g.node("Mish", [x]), held), undefined, { keepdims: false }));
    const graph = g.build();
    const [name] = graph.nodes.find(({ op }) => op === "Tanh")!.outputs;
    expect(() => gradient(graph, { loss: "loss", wrt: ["w"], constants: [name!] })).toThrow(
      'does not depend on "w"',
    );
  });

  test("goes through its own result: second derivatives", () => {
    const cube = (g: GraphBuilder, x: Value) => g.mul(g.tanh(x), g.pow(x, g.scalar(3, x)));
    const first = gradient(scalarLoss(cube, [4]), { loss: "loss", wrt: ["x"] });
    const g = graphBuilder("again");
    const x = g.input("x", "FP64", [4]);
    const { "grad/x": slope } = g.inline(withOutputs(first, ["grad/x"]), { x });
    g.output("slopes", g.reduceSum(slope!, undefined, { keepdims: false }));
    const second = gradient(g.build(), { loss: "slopes", wrt: ["x"] });
    const at = [-1.5, -0.3, 0.7, 2];
    const found = evaluate(second, { x: array([4], at) })["grad/x"]!;
    const [up, down] = [1e-5, -1e-5].map((step) =>
      Array.from(
        evaluate(first, {
          x: array(
            [4],
            at.map((v) => v + step),
          ),
        })["grad/x"]!.data,
        Number,
      ),
    );
    const expected = at.map((_, i) => (up![i]! - down![i]!) / 2e-5);
    expectClose(found, array([4], expected), 1e-6);
  });

  test("grows linearly with the graph", () => {
    const g = graphBuilder("deep");
    let x = g.input("x", "FP32", ["n"]);
    for (let layer = 0; layer < 3000; layer++) x = g.add(g.tanh(x), x);
    g.output("loss", g.reduceSum(x, undefined, { keepdims: false }));
    const graph = g.build();
    expect(gradient(graph, { loss: "loss", wrt: ["x"] }).nodes.length).toBeLessThan(8 * 6000);
  }, 60_000);
});

describe("a refusal says what is wrong and what would help", () => {
  const refusal = (graph: Graph, loss: string, ...names: string[]) => {
    try {
      gradient(graph, { loss, wrt: names });
    } catch (error) {
      return error;
    }
    throw new Error("it was not refused");
  };

  test("an operator without a rule", () => {
    const g = graphBuilder("net");
    const x = g.input("x", "FP32", [2, 2]);
    const types = [{ type: "FP32", shape: [] } as const];
    g.output("loss", g.node("STFT", [x], {}, { types }));
    expect(refusal(g.build(), "loss", "x")).toMatchInlineSnapshot(
      `[DomainError: node "loss" (STFT, ai.onnx opset 23) has no gradient rule: build that part from operators that have one, or leave the parameters behind it out of wrt]`,
    );
  });

  test("a loss that is not scalar, not there, or not smooth", () => {
    const g = graphBuilder("net");
    const x = g.input("x", "FP32", [2, 3]);
    g.output("y", g.relu(x));
    g.output("class", g.argMax(g.reduceSum(x), 0, { keepdims: false }));
    expect(refusal(g.build(), "y", "x")).toMatchInlineSnapshot(
      `[DomainError: the loss "y" is FP32[2, 3]; one floating-point number is wanted, as ReduceSum or ReduceMean makes]`,
    );
    expect(refusal(g.build(), "z", "x")).toMatchInlineSnapshot(
      `[DomainError: graph "net" has no output "z"; it has "y", "class"]`,
    );
    expect(refusal(g.build(), "class", "x")).toMatchInlineSnapshot(
      `[DomainError: the loss "class" is INT64[1]; one floating-point number is wanted, as ReduceSum or ReduceMean makes]`,
    );
  });

  test("a parameter that the loss does not depend on", () => {
    const g = graphBuilder("net");
    const [x, unused] = [g.input("x", "FP32", [2]), g.input("unused", "FP32", [2])];
    const steps = g.cast(g.greater(unused, x), "FP32");
    g.output("loss", g.reduceSum(g.mul(steps, x), undefined, { keepdims: false }));
    expect(refusal(g.build(), "loss", "unused")).toMatchInlineSnapshot(
      `[DomainError: the loss "loss" does not depend on "unused" in a way that has a slope]`,
    );
    expect(refusal(g.build(), "loss", "nobody")).toMatchInlineSnapshot(
      `[DomainError: graph "net" has no value "nobody"]`,
    );
  });

  test("a value without a slope", () => {
    const g = graphBuilder("net");
    const ids = g.input("ids", "INT64", [2]);
    g.output("loss", g.reduceSum(g.cast(ids, "FP32"), undefined, { keepdims: false }));
    expect(refusal(g.build(), "loss", "ids")).toMatchInlineSnapshot(
      `[DomainError: "ids" is INT64[2]; only floating-point values have gradients]`,
    );
  });

  test("a name that is there twice", () => {
    const g = graphBuilder("net");
    const x = g.input("x", "FP32", []);
    g.output("loss", g.mul(x, x));
    const graph = g.build();
    expect(refusal(graph, "loss", "x", "x")).toMatchInlineSnapshot(
      `[DomainError: "x" is asked for twice]`,
    );
    expect(
      refusal(gradient(graph, { loss: "loss", wrt: ["x"] }), "loss", "x"),
    ).toMatchInlineSnapshot(
      `[DomainError: the gradient at "x" would be the output "grad/x", and graph "net" has an input or output of that name: rename it, or take it out first]`,
    );
  });

  test("a form that a rule cannot handle", () => {
    const g = graphBuilder("net");
    const [x, axes] = [g.input("x", "FP32", [2, 3]), g.input("axes", "INT64", ["k"])];
    const sums = g.node("ReduceSum", [x, axes], { keepdims: 0 });
    g.output("loss", g.reduceSum(sums, undefined, { keepdims: false }));
    expect(refusal(g.build(), "loss", "x")).toMatchInlineSnapshot(
      `[DomainError: the gradient of node "loss" (ReduceSum, ai.onnx opset 23): the rank of "reducesum_0" is not known; declare its shape]`,
    );
  });

  test("a value of unknown rank that was broadcast", () => {
    const g = graphBuilder("net");
    const [x, y] = [g.input("x", "FP32", [6]), g.input("y", "FP32", [2, 3])];
    const product = g.mul(y, g.reshape(x, g.input("sizes", "INT64", ["rank"])));
    g.output("product", product, { shape: [2, 3] });
    g.output("loss", g.reduceSum(product, undefined, { keepdims: false }));
    expect(refusal(g.build(), "loss", "x")).toMatchInlineSnapshot(
      `[DomainError: the gradient of node "product" (Mul, ai.onnx opset 23): the rank of "reshape_0" is not known; declare its shape]`,
    );
  });
});
