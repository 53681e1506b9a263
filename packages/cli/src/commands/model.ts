/** `amaas model NAME`: one model in full. */
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { describeModel } from "../describe-model.ts";

export function model(command: Command, cli: Cli): void {
  command
    .description("Shows a model: its versions, aliases, metrics, signature and lineage.")
    .argument("<name>", "the model's name")
    .addHelpText("after", examples("amaas model digits", "amaas model digits --output json"))
    .action(
      cli.action(async (session, name: string) => {
        const found = await session.connect("model", ["registry"], ({ client }) =>
          client.models.get(name),
        );
        if (session.json) return session.printJson(found);
        session.print(...describeModel(found, session.style, Date.now(), session.width));
      }),
    );
}
