import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  inferTypes,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  toTensor,
  type Value,
  writeModel,
} from "@amaas/graph";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { gradient } from "./index.ts";
import { array, expectClose } from "./oracle.fixture.ts";
import { arrays, indices } from "./rules/judge.fixture.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Lookups {
  readonly table: NDArray;
  readonly ids: readonly NDArray[];
  readonly symbolic: boolean;
}

/** A loss of one table that is looked up in several times, each time weighed in a way of its own. */
function graphOf({ table, ids, symbolic }: Lookups): Graph {
  const g = graphBuilder("lookups");
  const sizes = (name: string, shape: readonly number[]) =>
    symbolic ? shape.map((_, axis) => `${name}_${axis}`) : shape;
  const data = g.input("table", table.type, sizes("table", table.shape));
  const parts = ids.map((at, index) => {
    const where = g.input(`ids${index}`, at.type, sizes(`ids${index}`, at.shape));
    const rows = g.gather(data, where);
    return g.reduceSum(g.exp(g.mul(rows, g.scalar((index + 1) / 4, rows))), undefined, {
      keepdims: false,
    });
  });
  g.output(
    "loss",
    parts.reduce((sum, part) => g.add(sum, part)),
  );
  return g.build();
}

const lookups = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    row: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    symbolic: fc.boolean(),
    whole: fc.boolean(),
  })
  .chain(({ count, row, symbolic, whole }) =>
    fc.record({
      table: arrays([count, ...row]),
      ids: fc
        .array(
          fc
            .array(fc.nat(3), { maxLength: 2 })
            .chain((shape) => indices(shape, count))
            .map((at): NDArray => ({ ...at, type: whole ? "INT64" : "INT32" })),
          { minLength: 1, maxLength: 3 },
        )
        .filter((all) => all.some(({ data }) => data.length > 0)),
      symbolic: fc.constant(symbolic),
    }),
  );

function feedsOf({ table, ids }: Lookups): Record<string, NDArray> {
  return Object.fromEntries([["table", table], ...ids.map((at, index) => [`ids${index}`, at])]);
}

const request = { loss: "loss", wrt: [], sparse: ["table"] };
const [idsName, rowsName] = ["grad/table/ids", "grad/table/rows"];

/** The rows added up where their ids say. */
function addedUp(table: NDArray, found: Readonly<Record<string, NDArray>>): NDArray {
  const sums = new Float64Array(table.data.length);
  const width = sums.length / table.shape[0]!;
  const rows = numbersOf(found[rowsName]!);
  for (const [at, id] of numbersOf(found[idsName]!).entries())
    for (let i = 0; i < width; i++) sums[id * width + i]! += rows[at * width + i]!;
  return array(table.shape, [...sums]);
}

describe("ids and rows", () => {
  test("add up to the dense gradient", () => {
    fc.assert(
      fc.property(lookups, (given) => {
        const graph = graphOf(given);
        const feeds = feedsOf(given);
        const dense = evaluate(gradient(graph, { loss: "loss", wrt: ["table"] }), feeds);
        const found = evaluate(gradient(graph, request), feeds);
        const count = given.ids.reduce((sum, { data }) => sum + data.length, 0);
        expect(found[idsName]!.type).toBe("INT64");
        expect(found[idsName]!.shape).toEqual([count]);
        expect(found[rowsName]!.shape).toEqual([count, ...given.table.shape.slice(1)]);
        for (const id of numbersOf(found[idsName]!)) expect(id).toBeGreaterThanOrEqual(0);
        expectClose(addedUp(given.table, found), dense["grad/table"]!, 1e-12);
      }),
      { numRuns: 40 },
    );
  });

  test("are the same on the engine", async () => {
    await fc.assert(
      fc.asyncProperty(lookups, async (given) => {
        const derived = gradient(graphOf(given), request);
        const feeds = feedsOf(given);
        const session = await openSession(writeModel(modelOf(derived)));
        const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
        const found = await session.run(Object.fromEntries(tensors));
        await session.release();
        const expected = evaluate(derived, feeds);
        for (const name of [idsName, rowsName])
          expectClose(fromTensor(found[name]!), expected[name]!, 1e-12);
      }),
      { numRuns: 8 },
    );
  });

  test("come without a table of zeros, or anything else as large as the table", () => {
    for (const symbolic of [false, true]) {
      const ids = [ndarray("INT64", [2, 2], [0, 3, -1, 3]), ndarray("INT64", [3], [1, 1, 0])];
      const table = array([50, 4], new Array<number>(200).fill(0.5));
      const derived = gradient(graphOf({ table, ids, symbolic }), request);
      const size = symbolic ? "table_0" : 50;
      const large = [...inferTypes(derived)].filter(
        ([name, { shape }]) => name !== "table" && shape?.includes(size),
      );
      expect(large).toEqual([]);
      expect(derived.outputs.map(({ name }) => name)).toEqual(["loss", idsName, rowsName]);
    }
  });

  test("come beside dense gradients", () => {
    const g = graphBuilder("both");
    const table = g.input("table", "FP64", [5, 2]);
    const w = g.input("w", "FP64", [2]);
    const rows = g.gather(table, g.constant(toTensor(ndarray("INT64", [3], [4, -5, 4]))));
    g.output("loss", g.reduceSum(g.mul(rows, w), undefined, { keepdims: false }));
    const derived = gradient(g.build(), { loss: "loss", wrt: ["w"], sparse: ["table"] });
    const found = evaluate(derived, {
      table: array([5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
      w: array([2], [0.5, -2]),
    });
    expect([...numbersOf(found["grad/w"]!)]).toEqual([19, 22]);
    expectClose(found[idsName]!, ndarray("INT64", [3], [4, 0, 4]), 0);
    expect([...numbersOf(found[rowsName]!)]).toEqual([0.5, -2, 0.5, -2, 0.5, -2]);
  });
});

test("nothing comes of a lookup whose rows are constants", () => {
  const g = graphBuilder("held");
  const table = g.input("table", "FP64", [4, 2]);
  const [held, seen] = [[0, 1], [3]].map((ids) => g.gather(table, g.ints(ids)));
  g.output("held", held!);
  g.output("loss", g.reduceSum(g.mul(held!, seen!), undefined, { keepdims: false }));
  const derived = gradient(g.build(), { ...request, constants: ["held"] });
  const found = evaluate(derived, { table: array([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]) });
  expectClose(found[idsName]!, ndarray("INT64", [1], [3]), 0);
  expectClose(found[rowsName]!, array([1, 2], [4, 6]), 0);
});

describe("is refused", () => {
  const derive = (
    build: (g: GraphBuilder, table: Value, ids: Value) => Value,
    also: { readonly wrt?: readonly string[]; readonly sparse?: readonly string[] } = {},
  ) => {
    const g = graphBuilder("refused");
    const table = g.input("table", "FP64", [4, 4]);
    const made = build(g, table, g.input("ids", "INT64", [3]));
    g.output("loss", g.reduceSum(made, undefined, { keepdims: false }));
    return gradient(g.build(), { ...request, ...also });
  };

  test("where the table is used as a whole", () => {
    expect(() => derive((g, table, ids) => g.matMul(g.gather(table, ids), table))).toThrow(
      /MatMul.*uses "table" as a whole/,
    );
    expect(() => derive((g, table, ids) => g.gather(table, ids, 1))).toThrow(/Gather.*as a whole/);
  });

  test("where the loss does not depend on it, or it is dense too", () => {
    expect(() =>
      derive((g, table, ids) =>
        g.cast(g.greater(g.gather(table, ids), g.scalar(0, "FP64")), "FP64"),
      ),
    ).toThrow("does not depend");
    expect(() => derive((g, table, ids) => g.gather(table, ids), { wrt: ["table"] })).toThrow(
      "asked for in wrt too",
    );
  });

  test("where it is asked for twice", () => {
    expect(() =>
      derive((g, table, ids) => g.gather(table, ids), { sparse: ["table", "table"] }),
    ).toThrow('"table" is asked for twice');
  });
});
