/** The graph of data that needs nothing done. */
import { graphBuilder, type Model } from "@amaas/graph";

export function identity(width: number): Model {
  const g = graphBuilder("features");
  g.output("features", g.identity(g.input("input", "FP32", ["rows", width])));
  return g.model();
}
