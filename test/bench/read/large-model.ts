/** A model of 1 GB of weights on disk, written piece by piece: with its weights inside, and with them beside it. */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { graphBuilder, type Model, writeModelWithData } from "@amaas/graph";
import { ModelProto, TensorProto } from "@amaas/proto/onnx/onnx";
import { tensor } from "@amaas/tensor";

const width = 1024;
const layers = 256;
export const weightBytes = layers * width * width * 4;
export const dataName = "weights.bin";

export interface LargeModel {
  readonly inside: string;
  readonly beside: string;
}

export function writeLargeModel(folder: string): LargeModel {
  const { model, data } = writeModelWithData(chain(), { location: dataName });
  const beside = join(folder, "beside.onnx");
  writeFileSync(beside, model);
  writePieces(join(folder, dataName), data);
  const inside = join(folder, "inside.onnx");
  writePieces(inside, piecesOfModel(model));
  return { inside, beside };
}

/** One matrix after the other; all are the same one in memory, and each its own on disk. */
function chain(): Model {
  const g = graphBuilder("large");
  const weights = tensor("FP32", [width, width], new Float32Array(width * width).fill(1 / width));
  let x = g.input("x", "FP32", ["batch", width]);
  // Names of different lengths, so that the weights come to lie at every alignment.
  for (let layer = 0; layer < layers; layer++)
    x = g.matMul(x, g.initializer(`layer.${layer}.${"w".repeat(1 + (layer % 4))}`, weights));
  g.output("y", x);
  return g.model();
}

/** The same messages with the weights put back where a model keeps them itself. */
function piecesOfModel(bytes: Uint8Array): readonly Uint8Array[] {
  const model = ModelProto.decode(bytes);
  const { graph } = model;
  if (!graph) throw new Error("the model has no graph");
  const raw = new Uint8Array(new Float32Array(width * width).fill(1 / width).buffer);
  const tensors = graph.initializer.flatMap((weight) => {
    const plain = { ...weight, dataLocation: 0 as const, externalData: [] };
    const head = TensorProto.encode(TensorProto.fromPartial(plain)).finish();
    return field(5, [head, ...field(9, [raw])]);
  });
  graph.initializer = [];
  const graphBytes = ModelProto.encode(ModelProto.fromPartial({ graph })).finish();
  // Behind the tag and the length of the graph, which are written anew with the weights counted in.
  const inner = graphBytes.subarray(graphBytes.length - lengthOf(graphBytes));
  return [
    ModelProto.encode({ ...model, graph: undefined }).finish(),
    ...field(7, [inner, ...tensors]),
  ];
}

/** The length that follows the one-byte tag of a message. */
function lengthOf(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 1, weight = 1; ; at++, weight *= 128) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * weight;
    if (byte < 0x80) return length;
  }
}

function field(number: number, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  return [Uint8Array.from([number * 8 + 2, ...varint(length)]), ...pieces];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function writePieces(path: string, pieces: readonly Uint8Array[]): void {
  const file = openSync(path, "w");
  try {
    for (const piece of pieces)
      for (let at = 0; at < piece.byteLength; ) at += writeSync(file, piece, at);
  } finally {
    closeSync(file);
  }
}
