/** The architectures that a job can name: a new one is a file beside this and a line here. */
import { DomainError } from "@amaas/errors";
import type { Model, Value } from "@amaas/graph";
import type { ArchitectureSpec, InitializerSpec } from "@amaas/spec";
import { networkOf } from "../dropout-mode.ts";
import { LayerBuilder } from "../layers/layer-builder.ts";
import type { Initialization, Network, NetworkSize } from "../network.ts";
import { autoencoder } from "./autoencoder.ts";
import { cnn } from "./cnn.ts";
import { gpt } from "./gpt.ts";
import { linear } from "./linear.ts";
import { mlp } from "./mlp.ts";
import { onnx } from "./onnx.ts";
import { recurrentNetwork } from "./recurrent.ts";
import { resnet } from "./resnet.ts";
import { transformer } from "./transformer.ts";
import { unet } from "./unet.ts";
import { wideDeep } from "./wide-deep.ts";

type Architecture = ArchitectureSpec["type"];
type SpecOf<A extends Architecture> = ArchitectureSpec & { readonly type: A };

/** `outputs` FP32 [batch, outputs], or [batch, time, outputs]; `code` is what the network made in between. */
type Made = Value | { readonly outputs: Value; readonly code: Value };

const architectures: {
  readonly [A in Architecture]: (
    n: LayerBuilder,
    features: Value,
    spec: SpecOf<A>,
    size: NetworkSize,
    model: Model | undefined,
  ) => Made;
} = {
  linear,
  mlp,
  cnn,
  resnet,
  rnn: recurrentNetwork,
  gru: recurrentNetwork,
  lstm: recurrentNetwork,
  transformer,
  "wide-deep": wideDeep,
  gpt,
  autoencoder,
  unet,
  onnx,
};

/** Those that see any number of tokens up to the features that there are. */
const anyLength: ReadonlySet<Architecture> = new Set<Architecture>(["gpt"]);

/**
 * The network of a validated job spec, for data of this size; `model` is what the file that the spec names holds, where
 * it names one.
 */
export function buildNetwork(spec: ArchitectureSpec, size: NetworkSize, model?: Model): Network {
  const { features, outputs } = size;
  for (const [what, count] of Object.entries({ features, outputs }))
    if (!Number.isSafeInteger(count) || count < 1)
      throw new DomainError("invalid-argument", `found ${count} ${what}, wanted 1 or more`);
  const n = LayerBuilder.of(spec.type, initialization(spec));
  const isOpen = anyLength.has(spec.type);
  const x = n.g.input("features", "FP32", ["batch", isOpen ? "time" : features]);
  const made = make(n, x, spec.type, spec, size, model);
  for (const [name, value] of Object.entries("outputs" in made ? made : { outputs: made }))
    n.g.output(name, value);
  return { ...networkOf(n.g.build(), n.parameters), ...(isOpen && { context: features }) };
}

/** Generic in the name, which ties the table's entry to the spec that it takes. */
function make<A extends Architecture>(
  n: LayerBuilder,
  x: Value,
  name: A,
  spec: SpecOf<A>,
  size: NetworkSize,
  model: Model | undefined,
): Made {
  return architectures[name](n, x, spec, size, model);
}

function initialization(spec: ArchitectureSpec): Initialization | undefined {
  const initializer: InitializerSpec | undefined =
    "initializer" in spec ? spec.initializer : undefined;
  if (!initializer) return undefined;
  return "std" in initializer ? initializer : initializer.type;
}
