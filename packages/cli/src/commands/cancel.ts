/** `amaas cancel ID`: ends a job before its time. */
import { jobStateName } from "@amaas/client";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { jobDocument } from "../documents.ts";

export function cancel(command: Command, cli: Cli): void {
  command
    .description("Cancels a job that has not ended yet.")
    .argument("<id>", "the job's id")
    .addHelpText("after", examples("amaas cancel job_01K…"))
    .action(
      cli.action(async (session, id: string) => {
        const job = await session.connect("cancel", ["scheduler"], ({ client }) =>
          client.jobs.cancel(id),
        );
        if (session.json) return session.printJson(jobDocument(job));
        session.print(`${job.id} is ${jobStateName(job.state)}.`);
      }),
    );
}
