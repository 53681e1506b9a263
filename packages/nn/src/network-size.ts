/** What a network of a task takes in and puts out, for data that has been looked at. */
import { faultySpec, type LossSpec, type Task } from "@amaas/spec";
import type { NetworkSize } from "./network.ts";
import { ownLabels } from "./objectives/index.ts";

/** As the features are fitted. */
export interface Samples extends Omit<NetworkSize, "features" | "outputs" | "eachPlace"> {
  readonly width: number;
  /** 0 where there are none. */
  readonly classes: number;
}

export interface Aim {
  readonly task: Task;
  readonly loss: LossSpec;
}

/** What networks put out: scores of classes, one number, an embedding, the sample again, scores of tokens. */
const outputs: { readonly [T in Task]: (loss: LossSpec, samples: Samples) => number } = {
  classification: (loss, { classes }) => {
    if (loss.type !== "sigmoid-cross-entropy") return classes;
    if (classes === 2) return 1;
    const description = `found "${loss.type}" where there are ${classes} classes, wanted it with 2`;
    throw faultySpec([{ field: "training.loss.type", description }]);
  },
  regression: () => 1,
  embedding: (loss) => {
    if ("width" in loss) return loss.width;
    throw new Error(`the loss ${loss.type} has no width of embeddings`);
  },
  reconstruction: (_, { width, vocabulary }) => {
    if (vocabulary === undefined) return width;
    const description = "found reconstruction of tokens, wanted numbers";
    throw faultySpec([{ field: "task", description }]);
  },
  "language-modeling": (_, { width, vocabulary }) => {
    if (vocabulary === undefined)
      throw faultySpec([
        {
          field: "data.vocabulary",
          description:
            "is missing, wanted how many ids a token can be: language-modeling is of tokens",
        },
      ]);
    if (width > 1) return vocabulary;
    const description = "found samples of 1 token, wanted 2 or more";
    throw faultySpec([{ field: "data", description }]);
  },
};

const hasEachPlace: { readonly [T in Task]: boolean } = {
  classification: false,
  regression: false,
  embedding: false,
  reconstruction: false,
  "language-modeling": true,
};

export function networkSize({ task, loss }: Aim, samples: Samples): NetworkSize {
  const { width, shape, vocabulary, firstOfFile, categories } = samples;
  const features = width - (ownLabels(task)?.unseen ?? 0);
  return {
    features,
    outputs: outputs[task](loss, samples),
    ...(shape && { shape: vocabulary === undefined ? shape : [features] }),
    ...(vocabulary !== undefined && { vocabulary }),
    ...(firstOfFile !== undefined && { firstOfFile }),
    ...(hasEachPlace[task] && { eachPlace: true }),
    ...(categories && { categories }),
  };
}
