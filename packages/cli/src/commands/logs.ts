/** `amaas logs ID`: what the nodes of a job said. */
import type { JobLogLine } from "@amaas/client";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { Ended, exitCodes } from "../failure.ts";
import { clock } from "../terminal/clock.ts";
import type { Style } from "../terminal/style.ts";
import { padEnd, printable } from "../terminal/text.ts";

const sourceWidth = 20;

export function logs(command: Command, cli: Cli): void {
  command
    .description("Prints what the nodes of a job said, oldest line first.")
    .argument("<id>", "the job's id")
    .option("-f, --follow", "stay until the job has ended")
    .addHelpText("after", examples("amaas logs job_01K…", "amaas logs job_01K… --follow"))
    .action(
      cli.lasting(async (session, id: string, options: { follow?: true }) => {
        const { signal } = session.shell;
        await session.connect("logs", ["scheduler"], async ({ client }) => {
          try {
            const lines = client.jobs.log(id, { follow: options.follow === true, signal });
            for await (const line of lines)
              if (session.json) session.printJson(line);
              else session.print(logLine(line, session.style));
          } catch (error) {
            throw signal.aborted ? new Ended(exitCodes.interrupted) : error;
          }
        });
      }),
    );
}

function logLine({ time, severity, source, message }: JobLogLine, style: Style): string {
  const paint = severity === "error" ? style.red : severity === "warn" ? style.yellow : String;
  const from = style.dim(padEnd(printable(source), sourceWidth));
  return `${style.dim(clock(time))}  ${from}  ${paint(printable(message))}`;
}
