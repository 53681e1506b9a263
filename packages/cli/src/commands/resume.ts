/** `amaas resume ID`: a job that has failed or was cancelled goes on from its newest checkpoint. */
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { jobDocument } from "../documents.ts";
import { printable } from "../terminal/text.ts";
import { attend } from "../training/attend.ts";

export function resume(command: Command, cli: Cli): void {
  command
    .description("Goes on with a failed or cancelled job, from its newest checkpoint.")
    .argument("<id>", "the job's id")
    .option("-f, --follow", "stay until it has ended; Ctrl-C detaches")
    .addHelpText("after", examples("amaas resume job_01K…", "amaas resume job_01K… --follow"))
    .action(
      cli.lasting(async (session, id: string, { follow }: { follow?: true }) => {
        await session.connect("resume", ["scheduler"], async (connection) => {
          const { job, warning } = await connection.client.jobs.resume(id);
          if (warning !== "") session.note(session.style.yellow(printable(warning)));
          if (follow) return attend(session, connection, id);
          if (session.json) return session.printJson(jobDocument(job));
          session.print(`${job.id} goes on: ${printable(job.reason)}.`);
        });
      }),
    );
}
