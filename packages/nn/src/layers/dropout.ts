/**
 * Dropout (Srivastava and others, 2014): in training, a part of the elements becomes 0 and the others grow by as much.
 *
 * Here it is ONNX's operator in inference mode, which passes everything on; the training graph turns it on, and the
 * others leave it out.
 */
import type { Value } from "@amaas/graph";
import type { LayerBuilder } from "./layer-builder.ts";

export function dropout({ g }: LayerBuilder, x: Value, ratio: number | undefined): Value {
  return ratio ? g.node("Dropout", [x, g.scalar(ratio, "FP32")]) : x;
}
