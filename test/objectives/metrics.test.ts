/**
 * Metrics against scikit-learn's, by way of all that makes them: the evaluation graph on the stock
 * onnxruntime in padded micro-batches, sums added in the fixed tree.
 *
 * And what the numeric contract says of the sums: to the bit the same however the tree is cut among
 * workers, whatever stands in padded rows.
 */
import { openSession, type Session } from "@amaas/engine";
import { writeModel } from "@amaas/graph";
import { confusionOf, metricsOf, mostMatrixClasses, sumsOf } from "@amaas/metrics";
import { evaluationGraph, trainingGraph } from "@amaas/nn";
import { cover, reduce, rootOf, SumTree } from "@amaas/reduction";
import type { LossSpec } from "@amaas/spec";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type MetricCase, microBatchOf, shiftNetwork } from "./fixture.ts";

const BATCH = 16;

interface Totals {
  readonly samples: number;
  readonly values: readonly number[];
}

const add = (left: Totals, right: Totals): Totals => ({
  samples: left.samples + right.samples,
  values: left.values.map((value, at) => value + (right.values[at] ?? 0)),
});

function lossOf({ measures }: MetricCase): LossSpec {
  if (measures.task === "classification") return { type: "cross-entropy", labelSmoothing: 0 };
  const quantile = measures.task === "regression" ? measures.quantile : undefined;
  return quantile === undefined ? { type: "mse" } : { type: "quantile", quantile };
}

describe.each(fixture.header.metrics)("$name:", (each) => {
  const { measures, scale } = each;
  const outputs = fixture.array(each.outputs);
  const labels = fixture.array(each.labels);
  const network = shiftNetwork(BATCH, outputs.shape[1] ?? 1);
  const options = { loss: lossOf(each), batch: BATCH, ...(scale && { labelScale: scale }) };
  const leaves = Math.ceil(labels.data.length / BATCH);
  const groups = sumsOf(measures);
  let session: Session;
  let parts: readonly Totals[];

  const evaluated = async (leaf: number, padding?: (at: number) => number): Promise<Totals> => {
    const { feeds, samples } = microBatchOf({ outputs, labels }, leaf * BATCH, BATCH, padding);
    const { sums } = await session.run({ ...feeds });
    return { samples, values: Array.from(sums?.data ?? [], Number) };
  };

  beforeAll(async () => {
    session = await openSession(writeModel(evaluationGraph(network, { ...options, measures })));
    parts = await Promise.all(Array.from({ length: leaves }, (_, leaf) => evaluated(leaf)));
  });
  afterAll(() => session?.release());

  const whole = () => reduce(rootOf(leaves), leaves, async (leaf) => parts[leaf]!, add);

  test("as scikit-learn says", async () => {
    const { samples, values } = await whole();
    expect(samples).toBe(labels.data.length);
    const found = metricsOf(measures.task, groups, values, samples);
    const { loss, ...others } = found;
    expect(Object.keys(others).sort()).toEqual(Object.keys(each.metrics).sort());
    for (const [name, wanted] of Object.entries(each.metrics)) {
      const error = Math.abs((found[name] ?? Number.NaN) - wanted) / Math.max(1, Math.abs(wanted));
      expect(error, `${name} ${found[name]} instead of ${wanted}`).toBeLessThan(2e-6);
    }
    if (measures.task === "classification") expect(loss).toBeCloseTo(found.logLoss ?? -1, 12);
  });

  test("counts are exact", async () => {
    const { values, samples } = await whole();
    const found = metricsOf(measures.task, groups, values, samples);
    const counted = Object.keys(each.metrics).filter((name) =>
      /accuracy|precision|recall|f1|matthews/i.test(name),
    );
    for (const name of counted) expect(found[name]).toBeCloseTo(each.metrics[name]!, 13);
    const matrix = Object.values(confusionOf(groups, values));
    const shown = measures.task === "classification" && measures.classes <= mostMatrixClasses;
    expect(matrix).toEqual(shown ? each.confusion : []);
  });

  test("the same bits however the shards are cut among workers", async () => {
    const expected = await whole();
    const owners = fc.array(fc.nat(4), { minLength: leaves, maxLength: leaves });
    await fc.assert(
      fc.asyncProperty(owners, fc.boolean(), async (owner, backwards) => {
        const nodes = [0, 1, 2, 3, 4].flatMap((worker) =>
          cover(
            owner.flatMap((who, leaf) => (who === worker ? [leaf] : [])),
            leaves,
          ),
        );
        const tree = new SumTree<Totals>(leaves, add);
        for (const node of backwards ? nodes.reverse() : nodes)
          tree.add(node, await reduce(node, leaves, async (leaf) => parts[leaf]!, add));
        expect(tree.root).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test("what stands in padded rows changes no bit", async () => {
    // The last leaf is short in all cases but those whose rows fill it.
    const last = leaves - 1;
    for (const size of [1, 7, 31])
      expect(await evaluated(last, (at) => ((at * 37) % 11) * size - 3)).toEqual(parts[last]);
    // And one of padding alone: it adds nothing.
    const nothing = await evaluated(leaves, (at) => at % 3);
    expect(nothing.values.every((value) => value === 0)).toBe(true);
  });

  test("training tells the loss with the bits of the evaluation", async () => {
    const training = await openSession(
      writeModel(trainingGraph(network, { ...options, task: measures.task })),
    );
    try {
      for (const [leaf, part] of parts.entries()) {
        const { feeds } = microBatchOf({ outputs, labels }, leaf * BATCH, BATCH);
        const { sums } = await training.run({ ...feeds }, ["sums"]);
        expect(Array.from(sums?.data ?? [], Number)).toEqual(part.values.slice(0, 1));
      }
    } finally {
      await training.release();
    }
  });
});
