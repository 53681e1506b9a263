/** The optimizer part of a job spec, by the optimizer's name. */
import type { JobSpec } from "@amaas/spec";

export type OptimizerSpec = JobSpec["training"]["optimizer"];
export type OptimizerName = OptimizerSpec["type"];
export type SpecOf<Name extends OptimizerName> = OptimizerSpec & { readonly type: Name };
