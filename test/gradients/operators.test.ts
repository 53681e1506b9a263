/**
 * Outputs and gradients of single operators against PyTorch's: the reference interpreter in float64, and the stock
 * onnxruntime in float32. `vitest run test/gradients/operators.test.ts -t "Conv:"` runs the cases of one operator.
 */
import { gradient, gradientName } from "@amaas/autodiff";
import { openSession } from "@amaas/engine";
import { evaluate, modelOf, type NDArray, writeModel } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import { describe, expect, test, vi } from "vitest";
import { difference } from "./close.ts";
import { cases, type Problem, problemOf } from "./operator-case.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

/** Their slope is 0 wherever there is one. PyTorch answers with zeros, we say that there is nothing to learn. */
const flat = new Set(["Sign", "Floor", "Ceil", "Round"]);

/** What onnxruntime does not open, whatever one makes of it. */
const refusedByEngine = new Set([
  // It wants an ellipsis to stand for as many axes in each operand.
  "...ij,...jk->...ik",
]);

test.each(cases.filter(({ op }) => flat.has(op)))("$op: $name, has no slope", (each) => {
  const { graph, wrt } = problemOf(each, "FP64");
  expect(() => gradient(graph, { loss: "loss", wrt })).toThrow(/does not depend on "x0" in a way/);
});

describe.each(cases.filter(({ op }) => !flat.has(op)))("$op: $name,", (each) => {
  test("interpreted", () => {
    const problem = problemOf(each, "FP64");
    const derived = gradient(problem.graph, { loss: "loss", wrt: problem.wrt });
    expectTold(evaluate(derived, problem.feeds), problem, 1e-8);
  });

  test("on the engine", async () => {
    // What control flow has inside stays in the precision that its model declares.
    const problem = problemOf(each, each.model ? "FP64" : "FP32");
    if (refusedByEngine.has(each.name)) {
      await expect(openSession(writeModel(modelOf(problem.graph)))).rejects.toThrow(each.op);
      return;
    }
    const derived = gradient(problem.graph, { loss: "loss", wrt: problem.wrt });
    const session = await openSession(writeModel(modelOf(derived)));
    try {
      expectTold(await session.run(problem.feeds), problem, 1e-5);
    } finally {
      await session.release();
    }
  });
});

function expectTold(
  found: Readonly<Record<string, Tensor | NDArray>>,
  { outputs, gradients }: Problem,
  tolerance: number,
): void {
  const told = Object.entries(gradients).map(([name, at]) => [gradientName(name), at] as const);
  for (const [name, expected] of [...Object.entries(outputs), ...told]) {
    const fault = difference(found[name], expected, tolerance);
    if (fault) expect.fail(`${name} ${fault}`);
  }
}
