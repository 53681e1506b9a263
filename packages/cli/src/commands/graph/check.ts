/** `amaas graph check FILE`: whether a graph is well formed, and what can be done with it. */
import { isDomainError } from "@amaas/errors";
import type { Command } from "commander";
import { type Cli, examples } from "../../cli.ts";
import { Ended, exitCodes } from "../../failure.ts";
import { describeInspection } from "../../graph/describe-inspection.ts";
import { faultsOf, type Inspection, inspect } from "../../graph/inspect.ts";
import { openModel, readOpened } from "../../graph/load-model.ts";
import type { Shell } from "../../shell.ts";

export function check(command: Command, cli: Cli): void {
  command
    .description(
      `Says whether a graph is well formed: names, order, operator sets, types and shapes, the files beside it. Tells every fault that can be told at once.

Of each operator it says whether shapes are worked out and the reference interpreter runs it (KERNEL), and whether gradients are derived through it (GRADIENT).

FILE is ONNX; - is stdin. Exit codes: 0 well formed, 1 not.`,
    )
    .argument("<file>", "the model")
    .addHelpText(
      "after",
      examples("amaas graph check model.onnx", "amaas graph check - --output json < model.onnx"),
    )
    .action(
      cli.action(async (session, file: string) => {
        const { name, found } = await inspectFile(session.shell, file);
        if (session.json) session.printJson({ file: name, ...found });
        else session.print(...describeInspection(name, found, session.style, session.width));
        if (!found.ok) throw new Ended(exitCodes.failure);
      }),
    );
}

/** That there is no such file, or that it cannot be read, is no fault of a graph. */
async function inspectFile(
  shell: Shell,
  file: string,
): Promise<{ readonly name: string; readonly found: Inspection }> {
  const opened = await openModel(shell, file);
  const { name } = opened;
  try {
    return { name, found: inspect(readOpened(opened)) };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { name, found: { ok: false, faults: faultsOf(error) } };
  }
}
