/**
 * A graph as onnxruntime has rewritten it, in a folder of its own. Its weights are in a file that sessions map into memory: they
 * neither read nor copy them when they open, and share them, in whatever thread or process they are.
 */
export interface SavedGraph {
  readonly folder: string;
}

export const graphFile = "graph.onnx";
/** Not there where all weights are small: those are in the graph. */
export const weightsFile = "weights.bin";
