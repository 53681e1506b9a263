/** `amaas jobs`: what was submitted, newest first. */
import { jobStateName } from "@amaas/client";
import type { Command } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { jobDocument } from "../documents.ts";
import { age } from "../terminal/figures.ts";
import { table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import { headline } from "../training/headline.ts";
import { stateText } from "../training/state-text.ts";

const columns = [
  { title: "JOB" },
  { title: "MODEL" },
  { title: "STATE" },
  { title: "PROGRESS", align: "right" },
  { title: "RESULT" },
  { title: "CREATED" },
] as const;

export function jobs(command: Command, cli: Cli): void {
  command
    .description("Lists jobs, newest first.")
    .option("-n, --limit <count>", "at most this many", wholeNumber(1, 1000), 20)
    .addHelpText("after", examples("amaas jobs", "amaas jobs --limit 100 --output json"))
    .action(
      cli.action(async (session, options: { limit: number }) => {
        const found = await session.connect("jobs", ["scheduler"], ({ client }) =>
          client.jobs.list({ limit: options.limit }),
        );
        if (session.json) return session.printJson(found.map(jobDocument));
        if (found.length === 0) return session.print("There are no jobs yet.");
        const { style } = session;
        const rows = found.map(({ id, spec, state, progress, createdAt }) => [
          id,
          printable(String(spec?.name ?? "")),
          stateText(jobStateName(state), style),
          progress && progress.totalSteps > 0
            ? `${Math.floor((100 * progress.step) / progress.totalSteps)} %`
            : "",
          headline(progress?.evaluations.at(-1)) ?? "",
          style.dim(age(createdAt, Date.now())),
        ]);
        session.print(...table(columns, rows, style));
      }),
    );
}
