/** `amaas quickstart`: the whole platform in one run. */
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import type { QuickstartOptions } from "../quickstart/quickstart.ts";

export function quickstart(command: Command, cli: Cli): void {
  command
    .description(
      "Starts a suite of its own, trains a model on 10,000 handwritten digits, registers it, serves it, asks it for every digit that it has not seen, and stops again. Nothing is left behind.",
    )
    .option("--keep", "leave the suite running until Ctrl-C, and say how to reach it")
    .addHelpText(
      "after",
      examples("amaas quickstart", "amaas quickstart --keep", "amaas quickstart --output json"),
    )
    .action(
      cli.lasting(async (session, options: QuickstartOptions) => {
        const { runQuickstart } = await import("../quickstart/quickstart.ts");
        await runQuickstart(session, options);
      }),
    );
}
