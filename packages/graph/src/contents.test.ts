/** Contents made of contents: a small file could ask for more than the memory has. */
import { expect, test } from "vitest";
import { type Graph, graphBuilder, inferTypes, type Node, tensorOf } from "./index.ts";

const count = 10_000;
const mostElements = 2 ** 23;
const long = tensorOf("INT64", [1024], [...Array(1024).keys()]);

const elementsOf = (values: Iterable<{ readonly content?: readonly unknown[] | undefined }>) =>
  [...values].reduce((sum, { content = [] }) => sum + content.length, 0);

test("of a graph that is read", () => {
  const nodes = Array.from(
    { length: count },
    (_, at): Node => ({
      op: "Neg",
      domain: "",
      name: `n${at}`,
      inputs: ["long"],
      outputs: [`v${at}`],
      attributes: {},
    }),
  );
  const graph: Graph = {
    name: "lists",
    opsets: { "": 23 },
    inputs: [],
    outputs: [],
    initializers: new Map([["long", long]]),
    nodes,
  };
  const types = inferTypes(graph);
  expect(elementsOf(types.values())).toBeLessThanOrEqual(mostElements);
  // Types and shapes are known all the same.
  expect(types.get(`v${count - 1}`)).toMatchObject({ type: "INT64", shape: [1024] });
});

test("of a graph that is built", () => {
  const g = graphBuilder("lists");
  const x = g.initializer("long", long);
  const made = Array.from({ length: count }, () => g.neg(x));
  expect(elementsOf(made)).toBeLessThanOrEqual(mostElements);
  expect(made.at(-1)).toMatchObject({ type: "INT64", shape: [1024] });
});
