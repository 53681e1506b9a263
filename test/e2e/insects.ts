/**
 * A small table of two kinds of insects, with text and missing values, and a job that tells them
 * apart: it is prepared at once, and its steps are so short that it lasts as long as a test wants.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Amaas, Job } from "@amaas/client";
import { type Tensor, tensor } from "@amaas/tensor";

const rows = 400;
export const stepsPerEpoch = 20;

export interface InsectsChange {
  readonly name?: string;
  readonly epochs?: number;
  readonly data?: object;
  readonly training?: object;
  readonly resources?: object;
  readonly gate?: object;
}

/** Twenty steps an epoch; some hundred steps take a second. */
export function insectsJob({ name = "insects", epochs = 4, ...change }: InsectsChange = {}) {
  return {
    name,
    task: "classification",
    data: { format: "csv", file: "insects.csv", label: "kind", ...change.data },
    architecture: { type: "mlp", hidden: [8] },
    training: {
      epochs,
      batchSize: 16,
      optimizer: { type: "adam", learningRate: 0.02 },
      checkpointEverySteps: 50,
      ...change.training,
    },
    resources: { workers: 2, servers: 2, ...change.resources },
    gate: { metric: "accuracy", min: 0.9, ...change.gate },
  };
}

/** Writes `insects.csv` into the folder; `change` is given each line of it. */
export async function writeInsects(
  folder: string,
  change: (line: string, row: number) => string = (line) => line,
): Promise<void> {
  const lines = Array.from({ length: rows }, (_, row) => {
    const bee = row % 2 === 1;
    const size = row % 9 === 0 ? "" : String((bee ? 4 : 0) + ((row * 7) % 10) / 10);
    return change(`${size},${bee ? "yellow" : "red"},${bee ? "bee" : "ant"}`, row);
  });
  await writeFile(join(folder, "insects.csv"), ["size,colour,kind", ...lines, ""].join("\n"));
}

export async function submitInsects(
  client: Amaas,
  folder: string,
  change: InsectsChange = {},
): Promise<Job> {
  return client.jobs.submit(insectsJob(change), { baseDirectory: folder });
}

/** A request of `count` insects, the first of them an ant, then by turns. */
export function insectsInput(count = 1): Record<string, Tensor> {
  const size = Float32Array.from({ length: count }, (_, row) => (row % 2) * 4 + 0.3);
  const colour = Array.from({ length: count }, (_, row) => (row % 2 ? "yellow" : "red"));
  return {
    size: tensor("FP32", [count, 1], size),
    colour: tensor("BYTES", [count, 1], colour),
  };
}
