/** `amaas cross-validate FILE`: trains a job once for each fold, and tells the scores of all of them. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import type { Session } from "../session.ts";
import { readSpecFile } from "../spec-file.ts";
import { measure } from "../terminal/figures.ts";
import { table } from "../terminal/table.ts";
import { type Scores, type Spread, scoresOf, spreadOf } from "../trials/scores.ts";
import { shownMetrics } from "../trials/shown-metrics.ts";
import { runTrials } from "../trials/trials.ts";
import { variation } from "../trials/variation.ts";

export function crossValidate(command: Command, cli: Cli): void {
  command
    .description(
      "Trains the job in FILE once for each fold: that fold is the validation split, the others are learned from. The test split takes no part, and nothing is registered.",
    )
    .argument("<file>", "the job, as YAML or JSON")
    .option("-k, --folds <count>", "parts that the rows are cut into", wholeNumber(2, 100), 5)
    .addHelpText(
      "after",
      examples("amaas cross-validate job.yaml", "amaas cross-validate job.yaml --folds 10"),
    )
    .action(
      cli.lasting(async (session, file: string, { folds }: { folds: number }) => {
        const path = resolve(session.shell.directory, file);
        const document = await readSpecFile(path);
        const trials = Array.from({ length: folds }, (_, fold) => ({
          title: `Fold ${fold + 1}`,
          document: variation(document, { folds, fold }),
        }));
        await session.connect("cross-validate", ["scheduler", "registry"], async (connection) => {
          const curves = await runTrials(session, connection, path, trials);
          const scores = curves.map(scoresOf);
          const spread = spreadOf(scores);
          if (session.json)
            return session.printJson({
              folds: curves.map(({ job }, fold) => ({ fold, job: job.id, metrics: scores[fold] })),
              metrics: spread,
            });
          session.print("", ...describe(session, scores, spread));
        });
      }),
    );
}

function describe(
  { style }: Session,
  scores: readonly Scores[],
  spread: Readonly<Record<string, Spread>>,
): string[] {
  const names = shownMetrics(Object.keys(spread));
  const row = (title: string, value: (name: string) => number | undefined) => [
    title,
    ...names.map((name) => measure(value(name) ?? Number.NaN)),
  ];
  return table(
    [
      { title: "FOLD" },
      ...names.map((name) => ({ title: name.toUpperCase(), align: "right" as const })),
    ],
    [
      ...scores.map((found, fold) => row(String(fold + 1), (name) => found[name])),
      row("mean", (name) => spread[name]?.mean),
      row("deviation", (name) => spread[name]?.deviation),
    ],
    style,
  );
}
