/** The graphs by which rows are scored one by one, of tasks whose rows come with labels. */
import type { BlobStore } from "@amaas/blobs";
import { writeModel } from "@amaas/graph";
import { type EvaluationOptions, type Network, outputGraph, rowGraph } from "@amaas/nn";
import type { Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Task } from "@amaas/spec";
import { scoreRows } from "./score.ts";

type Written = Pick<Prepared, "outputGraph" | "rowGraph">;

const isJudged: { readonly [T in Task]: boolean } = {
  classification: true,
  regression: true,
  embedding: false,
  reconstruction: false,
  "language-modeling": false,
};

export async function writeScoringGraphs(
  network: Network,
  options: EvaluationOptions,
  blobs: BlobStore,
): Promise<Written> {
  if (!isJudged[options.measures.task]) return { outputGraph: "", rowGraph: "" };
  const outputs = outputGraph(network, scoreRows);
  const width = outputs.graph.outputs[0]?.shape[1];
  if (typeof width !== "number") throw new Error(`${network.graph.name} has no known outputs`);
  const rows = rowGraph(width, { ...options, batch: scoreRows });
  return {
    outputGraph: (await blobs.put(writeModel(outputs))).digest,
    rowGraph: (await blobs.put(writeModel(rows))).digest,
  };
}
