import { expect, test } from "vitest";
import type { Attributes, Graph } from "./graph.ts";
import { tensorOf } from "./ndarray.ts";
import { renameClashes, subgraphsOf } from "./subgraph.ts";

const half = tensorOf("FP32", [], [0.5]);

/** A body that makes `name` and knows it for a constant of the program. */
function bodies(...names: readonly string[]): Attributes {
  const entries = names.map((name, index) => {
    const value: Graph = {
      name: "body",
      opsets: { "": 23 },
      inputs: [],
      outputs: [{ name, type: "FP32", shape: [] }],
      initializers: new Map([[name, half]]),
      constants: new Set([name]),
      nodes: [],
    };
    return [`body${index}`, { kind: "graph", value }] as const;
  });
  return Object.fromEntries(entries);
}

test("what is renamed keeps what is known of it", () => {
  const [body] = subgraphsOf({ attributes: renameClashes(bodies("k"), new Set(["k"])) });
  expect(body!.outputs[0]!.name).toBe("k_1");
  expect([...body!.initializers.keys()]).toEqual(["k_1"]);
  expect([...body!.constants!]).toEqual(["k_1"]);
});

/** Counts how often it is asked. */
class Asked extends Set<string> {
  times = 0;

  override has(name: string): boolean {
    this.times++;
    return super.has(name);
  }
}

test("names that are taken are not tried again for every body, nor for every node", () => {
  const count = 300;
  const taken = new Asked(["k", ...Array.from({ length: count }, (_, i) => `k_${i + 1}`)]);
  const repeats = new Map<string, number>();
  const given = Array.from({ length: count }, () =>
    subgraphsOf({ attributes: renameClashes(bodies("k", "k", "k"), taken, repeats) }),
  );
  for (const graphs of given)
    expect(graphs.map(({ outputs }) => outputs[0]!.name)).toEqual(
      [1, 2, 3].map((more) => `k_${count + more}`),
    );
  expect(taken.times).toBeLessThan(30 * count);
});
