/** `amaas train FILE`: submits a job with the files that it names. */
import { dirname, resolve } from "node:path";
import type { Job } from "@amaas/client";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { jobDocument } from "../documents.ts";
import type { Connection, Session } from "../session.ts";
import { readSpecFile } from "../spec-file.ts";
import { bytes, counted } from "../terminal/figures.ts";
import { attend } from "../training/attend.ts";

export function train(command: Command, cli: Cli): void {
  command
    .description(
      "Checks the job in FILE, uploads the files, folders and patterns it names, and queues it. Paths in it are relative to it.",
    )
    .argument("<file>", "the job, as YAML or JSON; its schema is packages/spec/job.schema.json")
    .option("-f, --follow", "stay until it has ended; Ctrl-C detaches")
    .addHelpText("after", examples("amaas train job.yaml", "amaas train job.yaml --follow"))
    .action(
      cli.lasting(async (session, file: string, options: { follow?: true }) => {
        const path = resolve(session.shell.directory, file);
        const document = await readSpecFile(path);
        await session.connect("train", ["scheduler", "registry"], async (connection) => {
          const job = await submit(session, connection, document, dirname(path));
          if (options.follow) return attend(session, connection, job.id);
          if (session.json) return session.printJson(jobDocument(job));
          session.print(
            `${job.id} is queued.`,
            session.style.dim(`Follow it with: ${session.shell.command} job ${job.id} --follow`),
          );
        });
      }),
    );
}

async function submit(
  session: Session,
  { client }: Connection,
  document: unknown,
  baseDirectory: string,
): Promise<Job> {
  const progress = session.openProgress();
  const phase = progress.begin("Submit");
  try {
    const sent: string[] = [];
    let there = 0;
    const job = await client.jobs.submit(document, {
      baseDirectory,
      signal: session.shell.signal,
      onUpload: (file, done, total) => phase.detail(`${file}  ${bytes(done)} of ${bytes(total)}`),
      onUploaded: (file, { bytes: size, known }) => {
        if (known) there++;
        else sent.push(`${file} ${bytes(size)}`);
      },
    });
    if (there > 0) sent.push(`${counted(there, "file")} uploaded before`);
    phase.done([job.id, ...sent].join(" · "));
    return job;
  } finally {
    progress.close();
  }
}
