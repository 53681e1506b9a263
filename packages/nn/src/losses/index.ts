/** The losses that a job can name: a new one is a function in a file beside this and a line here. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ClassificationLossSpec, RegressionLossSpec } from "@amaas/spec";
import { crossEntropy } from "./cross-entropy.ts";
import { huber, logCosh, mae, mse, quantile } from "./errors.ts";
import { focal } from "./focal.ts";
import { hinge } from "./hinge.ts";
import type { ClassBatch, ClassLoss, ErrorLoss } from "./loss.ts";

type ClassName = ClassificationLossSpec["type"];
type ClassSpec<L extends ClassName> = ClassificationLossSpec & { readonly type: L };
type ErrorName = RegressionLossSpec["type"];
type ErrorSpec<L extends ErrorName> = RegressionLossSpec & { readonly type: L };

const classLosses: { readonly [L in ClassName]: ClassLoss<ClassSpec<L>> } = {
  "cross-entropy": crossEntropy,
  "sigmoid-cross-entropy": crossEntropy,
  focal,
  hinge,
};

const errorLosses: { readonly [L in ErrorName]: ErrorLoss<ErrorSpec<L>> } = {
  mse,
  mae,
  huber,
  "log-cosh": logCosh,
  quantile,
};

export function classLoss<L extends ClassName>(
  g: GraphBuilder,
  batch: ClassBatch,
  name: L,
  spec: ClassSpec<L>,
): Value {
  return classLosses[name](g, batch, spec);
}

export function errorLoss<L extends ErrorName>(
  g: GraphBuilder,
  error: Value,
  name: L,
  spec: ErrorSpec<L>,
): Value {
  return errorLosses[name](g, error, spec);
}
