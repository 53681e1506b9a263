/** The objective of each task. */
import type { Task } from "@amaas/spec";
import { classification } from "./classification.ts";
import type { Objective } from "./objective.ts";
import { regression } from "./regression.ts";

export const objectives: { readonly [T in Task]: Objective } = { classification, regression };
