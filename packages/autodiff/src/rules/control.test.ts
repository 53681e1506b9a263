import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import fc from "fast-check";
import { test } from "vitest";
import {
  array,
  type Build,
  type Case,
  expectGradients,
  expectSameOnEngine,
} from "../oracle.fixture.ts";
import { control } from "./control.ts";
import { arrays, judge, positive, size } from "./judge.fixture.ts";

const wide = { keepdims: false };
const sumOf = (g: GraphBuilder, x: Value) => g.reduceSum(x, undefined, wide);

/** One step of a recurrence that every derivative of which is another: h' = tanh(h W + x) k. */
function cell(b: GraphBuilder, h: Value, x: Value, w: Value, k: Value): Value {
  return b.mul(b.tanh(b.add(b.matMul(h, w), x)), k);
}

/** A recurrence over rows, with what `body` makes of a state, a row, and the weights around. */
function recurrence(
  attributes: Readonly<Record<string, number | readonly number[]>>,
  rows: (length: number, n: number) => readonly number[],
): fc.Arbitrary<Case> {
  const build: Build = (g, [h, xs, w, k]) => {
    const body = g.subgraph("step", (b) => {
      const state = b.input("h", "FP64", h!.shape!);
      const row = b.input("x", "FP64", h!.shape!.slice(-1));
      const next = cell(b, state, row, w!, k!);
      b.output("next", next);
      b.output("list", b.mul(next, row));
    });
    const given = { body, num_scan_inputs: 1, ...attributes };
    const [last, list] = g.node("Scan", [h, xs], given, { outputs: 2 });
    return g.concat([g.reshape(last!, [-1]), g.reshape(list!, [-1])], 0);
  };
  return fc
    .tuple(size, size, size)
    .chain(([length, batch, n]) =>
      fc.tuple(arrays([batch, n]), arrays(rows(length, n)), arrays([n, n]), arrays([])),
    )
    .map((inputs): Case => ({ build, inputs }));
}

const forwards = recurrence({}, (length, n) => [length, n]);
const backwards = recurrence(
  {
    scan_input_axes: [-1],
    scan_input_directions: [1],
    scan_output_axes: [1],
    scan_output_directions: [1],
  },
  (length, n) => [n, length],
);

/** A state that starts somewhere, and one that does not depend on anything at first; integers beside. */
const twoStates: fc.Arbitrary<Case> = fc.tuple(arrays([2]), arrays([3, 2])).map(
  ([start, xs]): Case => ({
    build: (g, [s, x]) => {
      const zero = g.constant(tensorOf("FP64", [2], [0, 0]));
      const count = g.scalar(0, "INT64");
      const body = g.subgraph("step", (b) => {
        const n = b.input("n", "INT64", []);
        const a = b.input("a", "FP64", [2]);
        const c = b.input("c", "FP64", [2]);
        const row = b.input("x", "FP64", [2]);
        const more = b.add(n, b.scalar(1, n));
        b.output("more", more);
        b.output("next_a", b.mul(b.sigmoid(b.add(a, c)), row));
        b.output("next_c", b.add(c, b.mul(row, b.cast(more, "FP64"))));
      });
      const given = { body, num_scan_inputs: 1 };
      const [, a, c] = g.node("Scan", [count, s, zero, x], given, { outputs: 3 });
      return g.mul(a!, c!);
    },
    inputs: [start, xs],
  }),
);

/** A Scan over the elements of each row, inside a Scan over rows. */
const nested: fc.Arbitrary<Case> = fc.tuple(arrays([2, 3]), arrays([])).map(
  ([xs, k]): Case => ({
    build: (g, [x, weight]) => {
      const outer = g.subgraph("rows", (b) => {
        const state = b.input("s", "FP64", []);
        const row = b.input("row", "FP64", [3]);
        const inner = b.subgraph("elements", (c) => {
          const t = c.input("t", "FP64", []);
          const e = c.input("e", "FP64", []);
          c.output("next", c.tanh(c.add(c.mul(t, weight!), e)));
        });
        const [end] = b.node(
          "Scan",
          [state, row],
          { body: inner, num_scan_inputs: 1 },
          { outputs: 1 },
        );
        b.output("next", b.mul(end!, weight!));
      });
      const start = g.mul(weight!, weight!);
      const given = { body: outer, num_scan_inputs: 1 };
      return g.node("Scan", [start, x], given, { outputs: 1 })[0]!;
    },
    inputs: [xs, k],
  }),
);

/** A choice in each iteration. */
const chosen: fc.Arbitrary<Case> = fc.tuple(arrays([3]), arrays([])).map(
  ([xs, k]): Case => ({
    build: (g, [x, weight]) => {
      const body = g.subgraph("step", (b) => {
        const s = b.input("s", "FP64", []);
        const e = b.input("e", "FP64", []);
        const then_branch = b.subgraph("up", (c) => c.output("y", c.mul(c.tanh(s), e)));
        const else_branch = b.subgraph("down", (c) => c.output("y", c.add(s, c.mul(e, weight!))));
        const [y] = b.node("If", [positive(b, e)], { then_branch, else_branch }, { outputs: 1 });
        b.output("next", y!);
      });
      const given = { body, num_scan_inputs: 1 };
      return g.node("Scan", [weight, x], given, { outputs: 1 })[0]!;
    },
    inputs: [xs, k],
  }),
);

/** Two results of which one uses what the other does not; one branch repeats something. */
const choice: fc.Arbitrary<Case> = fc.tuple(arrays([2, 2]), arrays([2]), arrays([])).map(
  ([x, w, c]): Case => ({
    build: (g, [a, b, c]) => {
      const half = g.mul(a!, b!);
      const then_branch = g.subgraph("then", (t) => {
        t.output("y", t.exp(t.mul(half, t.scalar(0.1, half))));
        t.output("z", t.mul(a!, c!));
      });
      const else_branch = g.subgraph("else", (e) => {
        const body = e.subgraph("sum", (d) => {
          const so = d.input("so", "FP64", [2]);
          d.output("far", d.add(d.mul(so, b!), d.input("row", "FP64", [2])));
        });
        const [sum] = e.node("Scan", [b, half], { body, num_scan_inputs: 1 }, { outputs: 1 });
        e.output("y", e.add(half, sum!));
        e.output("z", e.identity(half));
      });
      const given = { then_branch, else_branch };
      const [y, z] = g.node("If", [positive(g, c!)], given, { outputs: 2 });
      return g.add(y!, g.mul(z!, a!));
    },
    inputs: [x, w, c],
  }),
);

/** Powers of a matrix until they are large or the trips are over; what they were is put out too. */
const loop = (limit: number, trips: number): fc.Arbitrary<Case> =>
  fc.tuple(arrays([2, 2]), arrays([2, 2])).map(
    ([start, w]): Case => ({
      build: (g, [v, matrix]) => {
        const most = g.scalar(trips, "INT64");
        const going = g.constant(tensorOf("BOOL", [], [1]));
        const body = g.subgraph("power", (b) => {
          const i = b.input("i", "INT64", []);
          b.input("going", "BOOL", []);
          const value = b.input("v", "FP64", v!.shape!);
          const next = b.mul(
            b.matMul(value, matrix!),
            b.add(b.cast(i, "FP64"), b.scalar(0.25, value)),
          );
          b.output("on", b.less(sumOf(b, b.mul(next, next)), b.scalar(limit, next)));
          b.output("next", next);
          b.output("was", b.mul(value, value));
        });
        const [last, was] = g.node("Loop", [most, going, v], { body }, { outputs: 2 });
        return g.add(sumOf(g, last!), sumOf(g, was!));
      },
      inputs: [start, w],
    }),
  );

/** A value that no iteration reads and only the last one leaves behind, of a state that only such values see. */
const overwritten = (op: "Loop" | "Scan", length: number): fc.Arbitrary<Case> =>
  fc.tuple(arrays([2]), arrays([2]), arrays([length, 2])).map(
    ([start, w, xs]): Case => ({
      build: (g, [s, weight, x]) => {
        const body = g.subgraph("step", (b) => {
          const trip = op === "Loop" ? b.input("trip", "INT64", []) : undefined;
          if (trip) b.output("on", b.identity(b.input("going", "BOOL", [])));
          const state = b.input("state", "FP64", [2]);
          b.input("last", "FP64", [2]);
          const row = trip ? b.gather(x!, trip) : b.input("row", "FP64", [2]);
          const next = b.tanh(b.add(b.mul(state, weight!), row));
          b.output("next", next);
          b.output("made", b.mul(next, weight!));
        });
        const states = [s, g.exp(s!)];
        const given =
          op === "Loop" ? [g.scalar(length, "INT64"), undefined, ...states] : [...states, x];
        const attributes = op === "Loop" ? { body } : { body, num_scan_inputs: 1 };
        return g.node(op, given, attributes, { outputs: 2 })[1]!;
      },
      inputs: [start, w, xs],
    }),
  );

judge(
  control,
  {
    If: choice,
    Loop: fc.oneof(
      loop(1e9, 3),
      loop(0.5, 5),
      loop(1e9, 0),
      overwritten("Loop", 3),
      overwritten("Loop", 0),
    ),
    Scan: fc.oneof(forwards, backwards, twoStates, nested, chosen, overwritten("Scan", 3)),
  },
  { runs: { differences: 20, second: 6, engine: 8 } },
);

test("a Loop may carry what grows, where the way back has no use for it", async () => {
  const build: Build = (g, [v]) => {
    const body = g.subgraph("power", (b) => {
      const trip = b.input("trip", "INT64", []);
      b.output("on", b.identity(b.input("going", "BOOL", [])));
      const value = b.input("value", "FP64", v!.shape!);
      const list = b.input("list", "INT64", ["length"]);
      b.output("next", b.mul(value, value));
      b.output("longer", b.concat([list, b.unsqueeze(trip, [0])], 0));
    });
    const start = [g.scalar(2, "INT64"), undefined, v, g.ints([7])];
    const [last, list] = g.node("Loop", start, { body }, { outputs: 2 });
    return g.add(last!, g.cast(g.reduceSum(list!, undefined, wide), "FP64"));
  };
  const given: Case = { build, inputs: [array([2], [0.5, -1.5])] };
  expectGradients(given);
  await expectSameOnEngine(given);
});
