/** `amaas model NAME`: one model in full. */
import type { Amaas, Version } from "@amaas/client";
import { type Command, Option } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { describeModel } from "../describe-model.ts";

export function model(command: Command, cli: Cli): void {
  command
    .description(
      "Shows a model: its versions, aliases, metrics, signature and lineage, and of one version how far it can be trusted.",
    )
    .argument("<name>", "the model's name")
    .addOption(
      new Option("--version <number>", "the version to show in full; else the newest").argParser(
        wholeNumber(1, 999_999_999),
      ),
    )
    .addHelpText(
      "after",
      examples(
        "amaas model digits",
        "amaas model digits --version 2",
        "amaas model digits --output json",
      ),
    )
    .action(
      cli.action(async (session, name: string, options: { version?: number }) => {
        const { found, shown } = await session.connect("model", ["registry"], ({ client }) =>
          look(client, name, options.version),
        );
        if (session.json) return session.printJson({ ...found, ...shown });
        session.print(...describeModel(found, shown, session.style, Date.now(), session.width));
      }),
    );
}

async function look(client: Amaas, name: string, number: number | undefined) {
  const found = await client.models.get(name);
  const version: Version | undefined =
    number === undefined ? found.versions[0] : await client.models.version(name, number);
  const evaluation = version && (await client.models.evaluation(name, version.version));
  return { found, shown: { version, evaluation } };
}
