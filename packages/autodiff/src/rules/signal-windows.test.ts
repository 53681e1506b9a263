import type { GraphBuilder, Value } from "@amaas/graph";
import { judge } from "./judge.fixture.ts";
import { signalWindows } from "./signal-windows.ts";

/** A window as long as an element says. */
const window = (op: string) => (g: GraphBuilder, x: Value) =>
  g.node(op, [g.cast(g.reduceMax(g.node("Ceil", [x]), undefined, { keepdims: false }), "INT64")]);

judge(signalWindows, {
  HannWindow: window("HannWindow"),
  HammingWindow: window("HammingWindow"),
  BlackmanWindow: window("BlackmanWindow"),
});
