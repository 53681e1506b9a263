/** `amaas data FILE`: what a job's data looks like, read here as a trainer would read it. */
import { dirname, resolve } from "node:path";
import { describeData, readDataset } from "@amaas/data";
import { parseJobSpec } from "@amaas/spec";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { describeReport } from "../data/describe-report.ts";
import { openLocal } from "../data/open-local.ts";
import { readSpecFile } from "../spec-file.ts";

export function data(command: Command, cli: Cli): void {
  command
    .description(
      "Reads the data of the job in FILE and shows its columns, its labels, and what to look into. Needs no service.",
    )
    .argument("<file>", "the job, as YAML or JSON")
    .addHelpText("after", examples("amaas data job.yaml", "amaas data job.yaml --output json"))
    .action(
      cli.lasting(async (session, file: string) => {
        const path = resolve(session.shell.directory, file);
        const spec = parseJobSpec(await readSpecFile(path));
        const { data: found, open } = await openLocal(spec.data, dirname(path));
        const report = describeData(await readDataset(found, spec.task, open));
        if (session.json) return session.printJson(report);
        session.print(...describeReport(report, session.style));
      }),
    );
}
