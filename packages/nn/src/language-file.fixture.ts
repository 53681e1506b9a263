/** A language model as a file of somebody else's holds it, of five tokens at three places. */
import { type GraphBuilder, graphBuilder, type Model } from "@amaas/graph";
import type { NetworkSize } from "./index.ts";
import { floats } from "./onnx.fixture.ts";

export const size: NetworkSize = {
  features: 3,
  outputs: 5,
  shape: [3],
  vocabulary: 5,
  eachPlace: true,
};
interface Options {
  readonly vocabulary?: number;
  readonly places?: string | number;
  readonly rows?: string | number;
  readonly change?: (g: GraphBuilder) => void;
}

/** Scores that are looked up, with a mask and positions, whose inputs' names are the file's. */
export function file({ vocabulary = 5, places = "T", rows = "N", change }: Options = {}): Model {
  const g = graphBuilder("file");
  const ids = g.input("ids", "INT64", [rows, places]);
  const mask = g.input("attention_mask", "FP32", [rows, places]);
  const positions = g.input("position_ids", "INT64", [1, places]);
  const table = g.initializer("table", floats([vocabulary, vocabulary], "table"));
  const place = g.initializer("place", floats([8, vocabulary], "place"));
  const sum = g.add(g.gather(table, ids), g.gather(place, positions));
  g.output("logits", g.mul(sum, g.unsqueeze(mask, [2])));
  change?.(g);
  return g.model();
}

/** An element of its initializers, of which a row has so many. */
export function cell(name: "table" | "place", width: number, row: number, column: number): number {
  const rows = name === "table" ? width : 8;
  return Number(floats([rows, width], name).data[row * width + column]);
}
