/** `amaas promote NAME VERSION`: moves an alias, and with it what is served. */
import type { Command } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";

export function promote(command: Command, cli: Cli): void {
  command
    .description("Moves an alias to a version; what serves the alias follows.")
    .argument("<name>", "the model's name")
    .argument("<version>", "the version's number", wholeNumber(1, 999_999_999))
    .option("--alias <alias>", "the alias to move", "champion")
    .option("--reason <text>", "why, for the history")
    .addHelpText("after", examples("amaas promote digits 2 --alias champion"))
    .action(
      cli.action(
        async (
          session,
          name: string,
          version: number,
          options: { alias: string; reason?: string },
        ) => {
          const moved = await session.connect("promote", ["registry"], ({ client }) =>
            client.models.promote(name, version, options.alias, {
              reason: options.reason ?? "promoted by hand",
            }),
          );
          if (session.json) return session.printJson(moved);
          session.print(`${moved.alias} of ${moved.model} is version ${moved.version}.`);
        },
      ),
    );
}
