/**
 * The models of the benchmark, in the words of a job; `models.py` has the same in PyTorch. Sizes are those
 * of the benchmark of gradients where it has them.
 */
import type { Tensor } from "@amaas/tensor";
import { classes, gaussian, tokens } from "./samples.ts";

export interface BenchedModel {
  /** Of the job, beside its data: files of the names that `files` has. */
  readonly job: { readonly task: string; readonly data: object; readonly architecture: object };
  readonly batch: number;
  /** Micro-batches of a step. */
  readonly virtualShards: number;
  readonly rows: number;
  /** What the ratio of our time to PyTorch's is to be at most. */
  readonly target: number;
  files(rows: number): Readonly<Record<string, Tensor<"FP32" | "INT32">>>;
}

const labelled = { format: "arrays", features: "features.npy", labels: "labels.npy" };

const table = {
  /** 784-512-512-10 */
  mlp: {
    job: {
      task: "classification",
      data: labelled,
      architecture: { type: "mlp", hidden: [512, 512], activation: "relu" },
    },
    batch: 512,
    virtualShards: 4,
    rows: 16_384,
    target: 1,
    files: (rows: number) => ({
      "features.npy": gaussian([rows, 784]),
      "labels.npy": classes(rows, 10),
    }),
  },
  /** ResNet-18 with the small stem, of 3 × 32 × 32 */
  resnet18: {
    job: {
      task: "classification",
      data: { ...labelled, shape: [3, 32, 32] },
      architecture: { type: "resnet", blocks: [2, 2, 2, 2], width: 64, norm: "group" },
    },
    batch: 32,
    virtualShards: 4,
    rows: 1_024,
    target: 1.2,
    files: (rows: number) => ({
      "features.npy": gaussian([rows, 3 * 32 * 32]),
      "labels.npy": classes(rows, 10),
    }),
  },
  /** One LSTM of 128 cells over 64 steps of 64 numbers */
  lstm: {
    job: {
      task: "classification",
      data: { ...labelled, shape: [64, 64] },
      architecture: { type: "lstm", hidden: 128 },
    },
    batch: 64,
    virtualShards: 4,
    rows: 2_048,
    target: 1.2,
    files: (rows: number) => ({
      "features.npy": gaussian([rows, 64 * 64]),
      "labels.npy": classes(rows, 10),
    }),
  },
  /** 4 layers, 256 wide, 4 heads, 5000 words; texts of 128 words */
  gpt: {
    job: {
      task: "language-modeling",
      data: { format: "arrays", features: "features.npy", vocabulary: 5_000 },
      architecture: { type: "gpt", width: 256, heads: 4, layers: 4, tied: false },
    },
    batch: 16,
    virtualShards: 4,
    rows: 1_024,
    target: 1,
    files: (rows: number) => ({ "features.npy": tokens([rows, 129], 5_000) }),
  },
} as const satisfies Readonly<Record<string, BenchedModel>>;

export const models: Readonly<Record<string, BenchedModel>> = table;
