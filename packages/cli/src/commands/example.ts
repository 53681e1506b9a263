/** `amaas example NAME`: a job with its data, to start from. */
import { relative, resolve } from "node:path";
import { type ExampleName, examples as known } from "@amaas/examples";
import { Argument, type Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { writeExample } from "../write-example.ts";

export function example(command: Command, cli: Cli): void {
  command
    .description("Writes the data and the job of an example into a folder.")
    .addArgument(new Argument("<name>", "the example").choices(Object.keys(known)))
    .argument("[folder]", "where to put it; a folder of its name where it is left out")
    .addHelpText("after", examples("amaas example penguins", "amaas example digits /tmp/digits"))
    .action(
      cli.action(async (session, name: ExampleName, folder: string | undefined) => {
        const { directory, command: amaas } = session.shell;
        const target = resolve(directory, folder ?? name);
        const files = await writeExample(known[name], target);
        if (session.json) return session.printJson({ example: name, directory: target, files });
        const shown = (path: string) => relative(directory, path) || path;
        const job = shown(resolve(target, "job.yaml"));
        session.print(
          ...files.map(shown),
          "",
          `Train it with: ${amaas} train ${job} --follow`,
          session.style.dim(`The suite has to run: ${amaas} up`),
        );
      }),
    );
}
