/** `amaas models`: what is registered. */
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { age } from "../terminal/figures.ts";
import { table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

const columns = [
  { title: "MODEL" },
  { title: "LATEST", align: "right" },
  { title: "ALIASES" },
  { title: "CREATED" },
] as const;

export function models(command: Command, cli: Cli): void {
  command
    .description("Lists the registered models.")
    .addHelpText("after", examples("amaas models", "amaas models --output json"))
    .action(
      cli.action(async (session) => {
        const found = await session.connect("models", ["registry"], ({ client }) =>
          client.models.list(),
        );
        if (session.json) return session.printJson(found);
        if (found.length === 0) return session.print("There are no models yet.");
        const { style } = session;
        const rows = found.map(({ name, latestVersion, aliases, createdAt }) => [
          printable(name),
          String(latestVersion),
          aliases.map(({ alias, version }) => printable(`${alias} → ${version}`)).join(", "),
          style.dim(age(createdAt, Date.now())),
        ]);
        session.print(...table(columns, rows, style));
      }),
    );
}
