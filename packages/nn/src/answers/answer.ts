/** What a task answers requests with. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ServingOptions } from "../serving.ts";

export interface Answers {
  /** Those that there are or may be; no input can be called so. */
  readonly names: readonly string[];
  readonly give: (
    g: GraphBuilder,
    found: Found,
    options: ServingOptions,
  ) => Readonly<Record<string, Value>>;
}

export interface Found {
  /** The features that the network saw. */
  readonly seen: Value;
  readonly outputs: Value;
  readonly code: Value | undefined;
}
