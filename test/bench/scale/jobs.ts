/** The jobs of the benchmark, on the handwritten digits. */

/** Of the 10,000 digits; few are left for the evaluations, which are not what is measured. */
export const trainingRows = 9_600;
export const hidden = [1024, 1024] as const;
export const virtualShards = 8;

export interface Sized {
  readonly workers: number;
  readonly batchSize: number;
  readonly epochs: number;
}

/** 1.9 million parameters: a step is nearly all matrix products. */
export function computeBound({ workers, batchSize, epochs }: Sized): object {
  return {
    ...digits,
    name: "digits-wide",
    architecture: { type: "mlp", hidden, activation: "relu" },
    training: { ...training, epochs, batchSize, virtualShards },
    resources: { workers, servers: 2 },
  };
}

/** The model and the batches of the quickstart: 110 thousand parameters, small batches. */
export function quickstart({ workers, batchSize, epochs }: Sized): object {
  return {
    ...digits,
    name: "digits",
    architecture: { type: "mlp", hidden: [128, 64], activation: "relu" },
    training: { ...training, epochs, batchSize, virtualShards },
    resources: { workers, servers: 2 },
  };
}

const digits = {
  task: "classification",
  data: { format: "arrays", features: "images.npy", labels: "labels.npy" },
  split: { training: 0.96, validation: 0.02, test: 0.02 },
};

const training = {
  optimizer: { type: "adam", learningRate: 0.001 },
  checkpointEverySteps: 100,
};
