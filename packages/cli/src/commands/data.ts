/** `amaas data FILE|JOB_ID`: what a job's data looks like, read here or as its preparation found it. */
import { dirname, resolve } from "node:path";
import type { Amaas } from "@amaas/client";
import { type DataReport, describeData, readDataset } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import { parseJobSpec } from "@amaas/spec";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { describeReport } from "../data/describe-report.ts";
import { openLocal } from "../data/open-local.ts";
import type { Session } from "../session.ts";
import { readSpecFile } from "../spec-file.ts";

/** Of ten thousand classes with long names, and four thousand columns. */
const mostReportBytes = 1 << 28;

export function data(command: Command, cli: Cli): void {
  command
    .description(
      "Shows a job's columns, its labels, and what to look into. Of a FILE the data is read here, which needs no service; of a job it is what its preparation has found.",
    )
    .argument("<file-or-id>", "the job, as YAML or JSON; or the id of one that has been submitted")
    .addHelpText(
      "after",
      examples("amaas data job.yaml", "amaas data job.yaml --output json", "amaas data job_01K…"),
    )
    .action(
      cli.lasting(async (session, which: string) => {
        if (!/^job_[0-9A-Z]{26}$/.test(which)) return show(session, await readHere(session, which));
        await session.connect("data", ["scheduler", "registry"], async ({ client }) =>
          show(session, await reportOf(client, which)),
        );
      }),
    );
}

function show(session: Session, report: DataReport): void {
  if (session.json) session.printJson(report);
  else session.print(...describeReport(report, session.style));
}

async function readHere(session: Session, file: string): Promise<DataReport> {
  const path = resolve(session.shell.directory, file);
  const spec = parseJobSpec(await readSpecFile(path));
  const { data: found, open } = await openLocal(spec.data, dirname(path));
  return describeData(await readDataset(found, spec.task, open));
}

async function reportOf(client: Amaas, id: string): Promise<DataReport> {
  const { dataReport } = await client.jobs.get(id);
  if (dataReport === "")
    throw new DomainError("failed-precondition", `the data of job ${id} has not been prepared`);
  const bytes = await client.blobs.read(dataReport, mostReportBytes);
  return JSON.parse(new TextDecoder().decode(bytes));
}
