/**
 * Whole models as exporters write them (`python/models.py` and its like): the graph with its loss, and what the
 * framework that the model comes from says of the loss and of the gradient of every parameter.
 */
import { join } from "node:path";
import {
  connect,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  readModel,
  type Shape,
  type Value,
  type ValueInfo,
  withOutputs,
} from "@amaas/graph";
import type { GeneratedSpec } from "./generated.ts";
import { type ArrayRef, type BlobRef, type Packed, readPacked } from "./packed.ts";

/** Part of a parameter: which one, from which element, how many; -1 stands for zeros. */
export type Segment = readonly [parameter: number, start: number, length: number];

export interface ModelCase {
  readonly source: Packed<unknown>;
  readonly key: string;
  /** What its numbers are generated from, if not the key. */
  readonly seed?: string;
  readonly name: string;
  readonly origin: string;
  readonly exporter: string;
  readonly mode: "eval" | "train";
  readonly shapes: string;
  readonly opset: number;
  readonly file: BlobRef;
  /** What the model was trained with, in its own terms; order matters to the segments. */
  readonly weights: Readonly<Record<string, GeneratedSpec | { readonly array: ArrayRef }>>;
  /** What the file wants instead, and of which parameters it is made. */
  readonly initializers: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly segments: readonly Segment[];
    /** The one segment is a matrix, and this is its transpose. */
    readonly transposed: boolean;
  }[];
  readonly inputs: Readonly<Record<string, ArrayRef | { readonly generated: GeneratedSpec }>>;
  readonly output: string;
  /** What the output is, or what is made of it and the target. */
  readonly loss: Loss;
  readonly target?: ArrayRef;
  readonly float64: Answer;
  readonly float32: Answer;
}

export type Loss = "made" | "cross entropy" | "log likelihood" | "mean square";

export interface Answer {
  readonly loss: number;
  readonly gradients: Readonly<
    Record<string, { readonly norm: number; readonly probes: readonly number[] }>
  >;
}

interface Header {
  readonly made: string;
  readonly models: readonly Omit<ModelCase, "source">[];
}

const files = ["models", "learned", "keras"].map((name) =>
  readPacked<Header>(join(import.meta.dirname, `fixtures/${name}.bin.br`)),
);

export const makers = files.map(({ header }) => header.made);

export const models: readonly ModelCase[] = files.flatMap((source) =>
  source.header.models.map((model) => ({ ...model, source })),
);

/** The graph of the file with a scalar output `loss`, and what only other outputs need left out. */
export function graphOf({ source, file, output, loss }: ModelCase): Graph {
  const graph = withOutputs(readModel(source.blob(file)).graph, [output]);
  return connect(graph, lossGraph(graph.outputs[0]!, loss), { mapping: { made: output } });
}

/** A loss as somebody adds it who was given the file alone. */
function lossGraph({ type, shape }: ValueInfo, loss: Loss): Graph {
  const g = graphBuilder("loss");
  const made = g.input("made", type, shape);
  g.output("loss", lossOf(g, made, loss));
  return g.build();
}

function lossOf(g: GraphBuilder, made: Value, loss: Loss): Value {
  const shape = made.shape!;
  const labels = (sizes: Shape) => g.input("target", "INT64", sizes);
  switch (loss) {
    case "made":
      return g.identity(made);
    case "cross entropy":
      // Scores are [batch, classes, ...], those of a language model [batch, steps, classes].
      return shape.length === 3
        ? crossEntropy(g, g.transpose(made, [0, 2, 1]), labels(shape.slice(0, 2)))
        : crossEntropy(g, made, labels(shape.toSpliced(1, 1)));
    case "log likelihood":
      return g.node("NegativeLogLikelihoodLoss", [g.log(made), labels(shape.slice(0, 1))]);
    case "mean square": {
      const error = g.sub(made, g.input("target", made.type!, shape));
      return g.reduceMean(g.mul(error, error), undefined, { keepdims: false });
    }
  }
}

function crossEntropy(g: GraphBuilder, scores: Value, labels: Value): Value {
  return g.node("SoftmaxCrossEntropyLoss", [scores, labels]);
}
