/** `amaas job ID`: one job in full, or followed to its end. */
import { type Amaas, hasEnded, type Job } from "@amaas/client";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { jobDocument } from "../documents.ts";
import { Ended, exitCodes } from "../failure.ts";
import type { Session } from "../session.ts";
import { attend } from "../training/attend.ts";
import { Curve } from "../training/curve.ts";
import { describeJob } from "../training/describe-job.ts";

export function job(command: Command, cli: Cli): void {
  command
    .description("Shows a job: its state, its progress, its loss curve, what came out.")
    .argument("<id>", "the job's id")
    .option("-f, --follow", "stay until it has ended; Ctrl-C detaches")
    .addHelpText("after", examples("amaas job job_01K…", "amaas job job_01K… --follow"))
    .action(
      cli.lasting(async (session, id: string, options: { follow?: true }) => {
        await session.connect("job", ["scheduler"], async (connection) => {
          if (options.follow) await attend(session, connection, id);
          else await show(session, connection.client, id);
        });
      }),
    );
}

async function show(session: Session, client: Amaas, id: string): Promise<void> {
  const curve = await snapshot(client, id, session.shell.signal);
  if (session.json) return session.printJson(jobDocument(curve.job));
  const columns = Math.min(100, session.shell.stdout.columns ?? 80);
  session.print(...describeJob(curve, { columns, style: session.style }));
  hint(session, curve.job);
}

/** The first word of a watch is the job as it stands, with every loss so far. */
async function snapshot(client: Amaas, id: string, signal: AbortSignal): Promise<Curve> {
  for await (const update of client.jobs.watch(id, { signal })) {
    const curve = new Curve(update.job);
    curve.take(update);
    return curve;
  }
  throw new Ended(exitCodes.interrupted);
}

function hint(session: Session, { id, state }: Job): void {
  if (!hasEnded(state))
    session.note(session.style.dim(`Follow it with: ${session.shell.command} job ${id} --follow`));
}
