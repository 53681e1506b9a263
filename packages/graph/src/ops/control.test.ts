import { openSession } from "@amaas/engine";
import { describe, expect, test } from "vitest";
import {
  checkGraph,
  evaluate,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  modelOf,
  type NDArray,
  numbersOf,
  printGraph,
  readModel,
  tensorOf,
  toTensor,
  type Value,
  withOutputs,
  writeModel,
} from "../index.ts";
import { bool, f32, i64 } from "./kernels.fixture.ts";

type Build = (g: GraphBuilder, x: readonly Value[]) => readonly Value[];

function graphOf(inputs: readonly NDArray[], build: Build, symbolic: boolean): Graph {
  const g = graphBuilder("case");
  const x = inputs.map(({ type, shape }, index) =>
    g.input(`x${index}`, type, symbolic ? shape.map((_, axis) => `s${index}_${axis}`) : shape),
  );
  for (const [index, value] of build(g, x).entries()) g.output(`y${index}`, value);
  return g.build();
}

const feedsOf = (inputs: readonly NDArray[]) =>
  Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));

/** The interpreter against the engine, with known and with symbolic sizes; returns what they agree on. */
async function run(inputs: readonly NDArray[], build: Build): Promise<readonly NDArray[]> {
  let wanted: readonly NDArray[] = [];
  for (const symbolic of [false, true]) {
    const graph = graphOf(inputs, build, symbolic);
    checkGraph(graph);
    // What is read is the same, and a graph that is put into another is.
    const again = readModel(writeModel(modelOf(graph))).graph;
    const names = graph.outputs.map(({ name }) => name);
    wanted = Object.values(evaluate(withOutputs(again, names), feedsOf(inputs)));
    const session = await openSession(writeModel(modelOf(graph)));
    const feeds = Object.entries(feedsOf(inputs)).map(([name, x]) => [name, toTensor(x)]);
    const found = await session.run(Object.fromEntries(feeds));
    await session.release();
    for (const [index, name] of names.entries()) {
      const is = fromTensor(found[name]!);
      expect([is.type, is.shape]).toEqual([wanted[index]!.type, wanted[index]!.shape]);
      const far = numbersOf(is).findIndex(
        (value, at) => Math.abs(value - numbersOf(wanted[index]!)[at]!) > 1e-5,
      );
      expect(far, `${name} differs at ${far}`).toBe(-1);
    }
  }
  return wanted;
}

const list = (x: NDArray | undefined) => [...numbersOf(x!)];

describe("If", () => {
  const choose: Build = (g, [cond, x]) => {
    const twice = g.add(x!, x!);
    const then_branch = g.subgraph("positive", (body) => {
      body.output("out", body.mul(twice, body.scalar(3, twice)));
      body.output("same", x!);
    });
    const else_branch = g.subgraph("negative", (body) => {
      body.output("out", body.neg(x!));
      body.output("same", body.scalar(7, x!), {});
    });
    return g.node("If", [cond], { then_branch, else_branch }, { outputs: 2 }).slice(0, 1);
  };

  test.each([
    [1, [6, -12]],
    [0, [-1, 2]],
  ])("takes branch %i", async (cond, expected) => {
    const [y] = await run([bool([], [cond]), f32([2], [1, -2])], choose);
    expect(list(y)).toEqual(expected);
  });

  test("makes what both branches can make", async () => {
    const [y] = await run([bool([1], [0]), f32([2, 3], [1, 2, 3, 4, 5, 6])], (g, [cond, x]) => {
      const then_branch = g.subgraph("rows", (body) => body.output("out", body.reduceSum(x!, [1])));
      const else_branch = g.subgraph("all", (body) => body.output("out", body.identity(x!)));
      const [out] = g.node("If", [cond], { then_branch, else_branch }, { outputs: 1 });
      expect(String(out!.shape).endsWith(",?")).toBe(true);
      return [out!];
    });
    expect(y!.shape).toEqual([2, 3]);
  });
});

describe("Loop", () => {
  /** Doubles a value until it passes a limit, and keeps what it was. */
  const doubling: Build = (g, [trips, start, limit]) => {
    const going = g.constant(tensorOf("BOOL", [], [1]));
    const body = g.subgraph("double", (b) => {
      b.input("i", "INT64", []);
      b.input("going", "BOOL", []);
      const v = b.input("v", "FP32", start!.shape!);
      const next = b.add(v, v);
      b.output("on", b.less(b.reduceSum(next, undefined, { keepdims: false }), limit!));
      b.output("next", next);
      b.output("was", v);
    });
    return g.node("Loop", [trips, going, start], { body }, { outputs: 2 });
  };

  test("runs until its condition fails", async () => {
    const inputs = [i64([], [50]), f32([2], [1, 2]), f32([], [20])];
    const [last, was] = await run(inputs, doubling);
    expect(list(last)).toEqual([8, 16]);
    expect(list(was)).toEqual([1, 2, 2, 4, 4, 8]);
  });

  test("runs as often as it is told, or not at all", async () => {
    const few = await run([i64([], [2]), f32([2], [1, 2]), f32([], [1000])], doubling);
    expect(list(few[0])).toEqual([4, 8]);
    const none = await run([i64([], [0]), f32([2], [1, 2]), f32([], [1000])], (...given) =>
      doubling(...given).slice(0, 1),
    );
    expect(list(none[0])).toEqual([1, 2]);
  });

  test("carries a value that grows", async () => {
    const [y] = await run([i64([], [3]), f32([1], [1])], (g, [trips, start]) => {
      const body = g.subgraph("grow", (b) => {
        const i = b.input("i", "INT64", []);
        const going = b.input("going", "BOOL", []);
        const v = b.input("v", "FP32", ["?"]);
        b.output("on", b.identity(going));
        b.output("next", b.concat([v, b.unsqueeze(b.cast(i, "FP32"), [0])], 0));
      });
      const [out] = g.node("Loop", [trips, undefined, start], { body }, { outputs: 1 });
      expect(out!.shape).toEqual(["?"]);
      return [out!];
    });
    expect(list(y)).toEqual([1, 0, 1, 2]);
  });

  test("that never ends is stopped", () => {
    const g = graphBuilder("endless");
    const x = g.input("x", "FP32", []);
    const body = g.subgraph("same", (b) => {
      b.input("i", "INT64", []);
      b.output("on", b.identity(b.input("going", "BOOL", [])));
      b.output("next", b.identity(b.input("v", "FP32", [])));
    });
    const [y] = g.node("Loop", [undefined, undefined, x], { body }, { outputs: 1 });
    g.output("y", y!);
    expect(() => evaluate(g.build(), { x: f32([], [1]) })).toThrow(/bodies of loops run more than/);
  });
});

describe("Scan", () => {
  const sums: Build = (g, [start, xs]) => {
    const body = g.subgraph("sum", (b) => {
      const s = b.input("s", "FP32", start!.shape!);
      const x = b.input("x", "FP32", start!.shape!);
      const next = b.add(s, x);
      b.output("next", next);
      b.output("list", next);
    });
    return g.node("Scan", [start, xs], { body, num_scan_inputs: 1 }, { outputs: 2 });
  };

  test("carries a state and stacks what it makes", async () => {
    const [last, all] = await run([f32([2], [0, 10]), f32([3, 2], [1, 2, 3, 4, 5, 6])], sums);
    expect(list(last)).toEqual([9, 22]);
    expect(list(all)).toEqual([1, 12, 4, 16, 9, 22]);
  });

  test("over nothing leaves the state as it is", () => {
    // The engine has no Scan over nothing.
    const inputs = [f32([2], [0, 10]), f32([0, 2], [])];
    const { y0, y1 } = evaluate(graphOf(inputs, sums, false), feedsOf(inputs));
    expect(list(y0)).toEqual([0, 10]);
    expect(y1!.shape).toEqual([0, 2]);
  });

  test("goes along any axis in any direction", async () => {
    const [last, all] = await run(
      [f32([2], [0, 10]), f32([2, 3], [1, 2, 3, 4, 5, 6])],
      (g, [start, xs]) => {
        const body = g.subgraph("sum", (b) => {
          const s = b.input("s", "FP32", start!.shape!);
          const next = b.add(s, b.input("x", "FP32", start!.shape!));
          b.output("next", next);
          b.output("list", next);
        });
        const attributes = {
          body,
          num_scan_inputs: 1,
          scan_input_axes: [1],
          scan_input_directions: [1],
          scan_output_axes: [-1],
          scan_output_directions: [1],
        };
        return g.node("Scan", [start, xs], attributes, { outputs: 2 });
      },
    );
    expect(list(last)).toEqual([6, 25]);
    expect(list(all)).toEqual([6, 5, 3, 25, 21, 16]);
  });

  test("in a Scan uses the values of all graphs around it", async () => {
    const [y] = await run(
      [f32([2], [0, 0]), f32([2, 3], [1, 2, 3, 4, 5, 6]), f32([], [2])],
      (g, [start, xs, k]) => {
        const double = g.mul(k!, k!);
        const outer = g.subgraph("rows", (b) => {
          const s = b.input("s", "FP32", start!.shape!);
          const row = b.input("row", "FP32", [xs!.shape![1]!]);
          const zero = b.scalar(0, row);
          const inner = b.subgraph("elements", (c) => {
            const t = c.input("s", "FP32", []);
            const next = c.add(t, c.mul(c.input("x", "FP32", []), double));
            c.output("next", next);
          });
          const attributes = { body: inner, num_scan_inputs: 1 };
          const [sum] = b.node("Scan", [zero, row], attributes, { outputs: 1 });
          b.output("next", b.add(b.add(s, sum!), k!));
        });
        return g.node("Scan", [start, xs], { body: outer, num_scan_inputs: 1 }, { outputs: 1 });
      },
    );
    expect(list(y)).toEqual([88, 88]);
  });

  test("refuses a body that does not fit", () => {
    const g = graphBuilder("case");
    const x = g.input("x", "FP32", [3, 2]);
    const body = g.subgraph("body", (b) => b.output("y", b.relu(b.input("x", "FP32", [2]))));
    expect(() => g.node("Scan", [x, x], { body, num_scan_inputs: 1 })).toThrow(
      /the body takes 1 inputs, not 2/,
    );
    expect(() => g.node("Scan", [x], { body, num_scan_inputs: 2 })).toThrow(/num_scan_inputs is 2/);
  });
});

describe("names", () => {
  test("inside give way to those around, and print readably", () => {
    const g = graphBuilder("outer");
    const h = g.input("next", "FP32", [2]);
    const xs = g.input("x", "FP32", [3, 2]);
    const body = g.subgraph("step", (b) => {
      const s = b.input("s", "FP32", [2]);
      b.output("next", b.tanh(b.add(b.add(s, b.input("x", "FP32", [2])), h)));
    });
    const [y] = g.node("Scan", [g.add(h, h), xs], { body, num_scan_inputs: 1 }, { outputs: 1 });
    g.output("y", y!);
    const graph = g.build();
    checkGraph(graph);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "outer(next: FP32[2], x: FP32[3, 2])
        add_0 = Add(next, next) : FP32[2]
        y     = Scan(add_0, x, num_scan_inputs=1) : FP32[2]
            body: step(s: FP32[2], x_1: FP32[2])
              add_0_1 = Add(s, x_1) : FP32[2]
              add_1   = Add(add_0_1, next) : FP32[2]
              next_1  = Tanh(add_1) : FP32[2]
              return next_1: FP32[2]
        return y: FP32[2]"
    `);
  });

  test("of values around cannot be invented", () => {
    const g = graphBuilder("outer");
    const x = g.input("x", "FP32", [2]);
    const other = graphBuilder("other");
    const foreign = other.input("z", "FP32", [2]);
    expect(() => g.subgraph("body", (b) => b.output("y", b.add(x, foreign)))).toThrow(
      /z belongs to another graph/,
    );
  });
});
