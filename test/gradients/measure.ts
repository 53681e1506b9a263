/** One whole model through everything: its backward graph derived, run by the stock onnxruntime, set against PyTorch. */
import { gradient, gradientName } from "@amaas/autodiff";
import { openSession } from "@amaas/engine";
import { modelOf, writeModel } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";
import { norm, probes } from "./generated.ts";
import { type Answer, graphOf, type ModelCase } from "./model-case.ts";
import { feedsOf, gradientsOf, trainedOf } from "./parameters.ts";

export interface Errors {
  readonly loss: number;
  /** The worst of all parameters, and which. */
  readonly gradient: number;
  readonly parameter: string;
}

export interface Measurement {
  readonly forwardNodes: number;
  /** All nodes of the graph that makes the gradients too. */
  readonly nodes: number;
  readonly deriveMs: number;
  readonly parameters: number;
  /** Against PyTorch in each precision; we compute in float32. */
  readonly float32: Errors;
  readonly float64: Errors;
}

export async function measure(model: ModelCase): Promise<Measurement> {
  const graph = graphOf(model);
  const started = performance.now();
  const derived = gradient(graph, { loss: "loss", wrt: trainedOf(model) });
  const deriveMs = performance.now() - started;
  const { loss, gradients } = await answer(model, writeModel(modelOf(derived)));
  return {
    forwardNodes: graph.nodes.length,
    nodes: derived.nodes.length,
    deriveMs,
    parameters: gradients.size,
    float32: errors(loss, gradients, model.float32),
    float64: errors(loss, gradients, model.float64),
  };
}

/** The loss and the gradient of every parameter, as the engine computes them from the bytes of the backward graph. */
export async function answer(
  model: ModelCase,
  bytes: Uint8Array,
): Promise<{ loss: number; gradients: ReadonlyMap<string, Float64Array> }> {
  const session = await openSession(bytes);
  try {
    const wanted = new Map(trainedOf(model).map((name) => [gradientName(name), name]));
    const made = await session.run(feedsOf(model), ["loss", ...wanted.keys()]);
    const found = new Map<string, Tensor>();
    for (const [output, name] of wanted) found.set(name, made[output]!);
    return { loss: Number(made.loss!.data[0]), gradients: gradientsOf(model, found) };
  } finally {
    await session.release();
  }
}

/**
 * How far a gradient is off: the norm of what is too much, as the seeded probes see it, by the norm of the gradient. One
 * that is next to nothing beside the others (the bias of attention's keys has none, in truth) is set against a
 * thousandth of the norm of all.
 */
function errors(loss: number, gradients: ReadonlyMap<string, Float64Array>, told: Answer): Errors {
  const total = Math.hypot(...Object.values(told.gradients).map((each) => each.norm));
  let worst = { gradient: 0, parameter: "" };
  for (const [parameter, found] of gradients) {
    const expected = told.gradients[parameter];
    if (!expected) continue;
    const scale = Math.max(expected.norm, total / 1000);
    const off = probes(parameter, found).map((sum, at) => Math.abs(sum - expected.probes[at]!));
    const error = Math.max(Math.abs(norm(found) - expected.norm), ...off) / scale;
    // Written so that an error that is no number is the worst.
    if (!(error <= worst.gradient)) worst = { gradient: error, parameter };
  }
  return { loss: Math.abs(loss - told.loss) / Math.abs(told.loss), ...worst };
}
