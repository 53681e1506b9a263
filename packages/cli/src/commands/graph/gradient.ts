/** `amaas graph gradient IN --loss OUTPUT -o OUT`: the gradients of a loss, as an ONNX file for any runtime. */
import { gradientName } from "@amaas/autodiff";
import { modelOf } from "@amaas/graph";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, examples } from "../../cli.ts";
import { UsageError } from "../../failure.ts";
import { type Derivation, derive } from "../../graph/derive.ts";
import { type LoadedModel, loadModel } from "../../graph/load-model.ts";
import { openTarget, type Written } from "../../graph/write-model-file.ts";
import { bytes, count, counted, duration } from "../../terminal/figures.ts";
import { printable } from "../../terminal/text.ts";

interface Options {
  readonly loss: string;
  readonly wrt?: readonly string[];
  readonly to: string;
  readonly keepInitializers?: true;
  readonly keepOutputs?: true;
}

interface Outcome extends Derivation, Written {
  readonly loss: string;
  readonly file: string;
  readonly milliseconds: number;
}

const mostNames = 10;

export function gradient(command: Command, cli: Cli): void {
  command
    .description(
      `Derives the gradients of a loss. What is written has the loss and grad/NAME for each NAME as its outputs, and consists of standard operators only, of opset 23 at most.

IN is ONNX; - is stdin. The initializers that gradients are taken of become inputs: who runs the file feeds them, and finds their values in IN.`,
    )
    .argument("<in>", "the model")
    .requiredOption("--loss <output>", "the output that is the loss, one floating-point number")
    .option(
      "--wrt <names>",
      "initializers or inputs, divided by commas; all floating-point initializers where it is left out",
      namesOf,
    )
    .requiredOption("-o, --to <out>", "where to put it; - is stdout")
    .option("--keep-initializers", "leave the initializers in, as constants")
    .option("--keep-outputs", "keep the other outputs of IN beside the loss")
    .addHelpText(
      "after",
      examples(
        "amaas graph gradient model.onnx --loss loss -o gradient.onnx",
        "amaas graph gradient model.onnx --loss loss --wrt w,b -o - | amaas graph show -",
      ),
    )
    .action(
      cli.action(async (session, file: string, options: Options) => {
        if (session.json && options.to === "-")
          throw new UsageError("stdout cannot take both the model (-o -) and --output json");
        const loaded = await loadModel(session.shell, file);
        const target = openTarget(session.shell, options.to, loaded.files);
        const begun = performance.now();
        const { loss, wrt, keepInitializers = false, keepOutputs = false } = options;
        const derived = derive(loaded.model.graph, { loss, wrt, keepInitializers, keepOutputs });
        const milliseconds = Math.round(performance.now() - begun);
        const written = await target.write(modelOf(derived.graph, loaded.model.metadata));
        const outcome = { ...derived, ...written, loss, file: target.name, milliseconds };
        if (session.json) session.printJson(document(loaded, outcome));
        else session.note(...describe(loaded, outcome).map(printable));
      }),
    );
}

/** A list, and of several options of the name one list. */
function namesOf(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const found = names.filter((name) => name !== "");
  // As of a variable that was never set, and no reason to derive nothing.
  if (found.length === 0) throw new InvalidArgumentError("Wanted a name.");
  return [...before, ...found];
}

function describe({ name }: LoadedModel, outcome: Outcome): string[] {
  const { file, wrt, moved, without, nodes, milliseconds, data } = outcome;
  const size = `${count(nodes.forward)} nodes forward, ${count(nodes.backward)} backward`;
  const inputs =
    moved.length === 1
      ? "1 initializer is an input"
      : `${count(moved.length)} initializers are inputs`;
  return [
    `${file}: ${counted(wrt.length, "gradient")}, ${size}, ${bytes(outcome.bytes)}, in ${duration(milliseconds)}`,
    ...(data === undefined ? [] : [`its weights are in ${data}`]),
    ...(moved.length > 0 ? [`${inputs} of it; the values are in ${name}`] : []),
    ...without
      .slice(0, mostNames)
      .map((each) => `no gradient: ${each} (the loss does not depend on it)`),
    ...(without.length > mostNames ? [`and ${count(without.length - mostNames)} more`] : []),
  ];
}

function document({ name }: LoadedModel, outcome: Outcome): Record<string, unknown> {
  const { file, loss, graph, wrt, moved, without, nodes, milliseconds, data } = outcome;
  return {
    from: name,
    file,
    bytes: outcome.bytes,
    ...(data === undefined ? {} : { data }),
    loss,
    gradients: Object.fromEntries(wrt.map((each) => [each, gradientName(each)])),
    becameInputs: moved,
    withoutGradient: without,
    inputs: graph.inputs,
    outputs: graph.outputs,
    nodes,
    milliseconds,
  };
}
