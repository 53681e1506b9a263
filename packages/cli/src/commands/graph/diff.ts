/** `amaas graph diff A B`: what two graphs differ in, whatever their inner values are called. */
import { diffGraphs, diffInitializers } from "@amaas/graph";
import { type Command, Option } from "commander";
import { type Cli, examples } from "../../cli.ts";
import { Ended, exitCodes, FailedWith, UsageError } from "../../failure.ts";
import { describeDiff, describeWeights } from "../../graph/describe-diff.ts";
import { type LoadedModel, loadModel } from "../../graph/load-model.ts";
import type { Session } from "../../session.ts";

interface Options {
  readonly weights?: true;
  readonly structure?: true;
}

export function diff(command: Command, cli: Cli): void {
  command
    .description(
      `Compares two graphs: signatures, initializers, nodes. Names of inner values and the order of nodes do not count.

A and B are ONNX; one of them may be - for stdin. Exit codes: 0 the same, 1 different, 2 trouble.`,
    )
    .argument("<a>", "the model before")
    .argument("<b>", "the model after")
    .option("--weights", "compare the initializers only")
    .addOption(
      new Option("--structure", "do not compare the values of weights").conflicts("weights"),
    )
    .addHelpText(
      "after",
      examples(
        "amaas graph diff before.onnx after.onnx",
        "amaas graph diff before.onnx after.onnx --weights",
      ),
    )
    .action(
      cli.action(async (session, a: string, b: string, options: Options) => {
        if (a === "-" && b === "-") throw new UsageError("only one of the two can be - for stdin");
        const [from, to] = await loadBoth(session, a, b);
        if (!compare(session, from, to, options)) throw new Ended(exitCodes.failure);
      }),
    );
}

async function loadBoth(
  session: Session,
  a: string,
  b: string,
): Promise<[LoadedModel, LoadedModel]> {
  try {
    return [await loadModel(session.shell, a), await loadModel(session.shell, b)];
  } catch (error) {
    throw new FailedWith(exitCodes.usage, error);
  }
}

/** Tells the differences; answers whether there are none. */
function compare(
  session: Session,
  { model: a, name: from }: LoadedModel,
  { model: b, name: to }: LoadedModel,
  options: Options,
): boolean {
  if (options.weights) {
    const initializers = diffInitializers(a.graph, b.graph);
    const equal = initializers.length === 0;
    if (session.json) session.printJson({ from, to, equal, initializers });
    else session.print(...describeWeights(initializers, session.style));
    return equal;
  }
  const found = diffGraphs(a.graph, b.graph, { values: options.structure !== true });
  if (session.json) session.printJson({ from, to, ...found });
  else session.print(...describeDiff(found, session.style));
  return found.equal;
}
