/** `amaas rollback NAME`: moves an alias back to where it stood before. */
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";

export function rollback(command: Command, cli: Cli): void {
  command
    .description("Moves an alias to the version it stood at before.")
    .argument("<name>", "the model's name")
    .option("--alias <alias>", "the alias to move", "champion")
    .option("--reason <text>", "why, for the history")
    .addHelpText(
      "after",
      examples("amaas rollback digits", "amaas rollback digits --alias champion"),
    )
    .action(
      cli.action(async (session, name: string, options: { alias: string; reason?: string }) => {
        const moved = await session.connect("rollback", ["registry"], ({ client }) =>
          client.models.rollback(name, options.alias, options.reason ?? "rolled back by hand"),
        );
        if (session.json) return session.printJson(moved);
        session.print(`${moved.alias} of ${moved.model} is version ${moved.version} again.`);
      }),
    );
}
