/** `amaas learning-curve FILE`: trains a job on ever more rows, and tells whether more data would help. */
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, examples } from "../cli.ts";
import type { Session } from "../session.ts";
import { readSpecFile } from "../spec-file.ts";
import { measure } from "../terminal/figures.ts";
import { table } from "../terminal/table.ts";
import type { Curve } from "../training/curve.ts";
import { scoresOf } from "../trials/scores.ts";
import { shownMetrics } from "../trials/shown-metrics.ts";
import { runTrials } from "../trials/trials.ts";
import { variation } from "../trials/variation.ts";

interface Point {
  /** Of the training rows. */
  readonly share: number;
  readonly job: string;
  /** Mean loss of the last epoch's steps. */
  readonly trainingLoss: number;
  /** On the validation rows, which are the same for all points. */
  readonly metrics: Readonly<Record<string, number>>;
}

export function learningCurve(command: Command, cli: Cli): void {
  command
    .description(
      "Trains the job in FILE on ever larger shares of its training rows and scores each on the same validation rows. Nothing is registered.",
    )
    .argument("<file>", "the job, as YAML or JSON")
    .option("--shares <list>", "shares of the training rows", shares, [0.1, 0.25, 0.5, 1])
    .addHelpText(
      "after",
      examples(
        "amaas learning-curve job.yaml",
        "amaas learning-curve job.yaml --shares 0.05,0.1,0.2,0.4,0.8,1",
      ),
    )
    .action(
      cli.lasting(async (session, file: string, options: { shares: readonly number[] }) => {
        const path = resolve(session.shell.directory, file);
        const document = await readSpecFile(path);
        const trials = options.shares.map((share) => ({
          title: percent(share),
          document: variation(document, { use: share }),
        }));
        await session.connect("learning-curve", ["scheduler", "registry"], async (connection) => {
          const curves = await runTrials(session, connection, path, trials);
          const points = curves.map((curve, at) => pointOf(curve, options.shares[at] ?? 0));
          if (session.json) session.printJson({ points });
          else session.print("", ...describe(session, points));
        });
      }),
    );
}

function shares(text: string): readonly number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => value > 0 && value <= 1)) return values.toSorted((a, b) => a - b);
  throw new InvalidArgumentError("Wanted shares above 0 and up to 1, such as 0.1,0.5,1.");
}

function pointOf(curve: Curve, share: number): Point {
  const { id, progress } = curve.job;
  const { totalSteps = 1, totalEpochs = 1 } = progress ?? {};
  const last = curve.losses.slice(-Math.ceil(totalSteps / totalEpochs));
  const trainingLoss = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  return { share, job: id, trainingLoss, metrics: scoresOf(curve) };
}

function describe({ style }: Session, points: readonly Point[]): string[] {
  const names = shownMetrics(Object.keys(points[0]?.metrics ?? {}));
  const titles = ["ROWS USED", "TRAINING LOSS", ...names.map((name) => name.toUpperCase())];
  return table(
    titles.map((title) => ({ title, align: "right" as const })),
    points.map(({ share, trainingLoss, metrics }) => [
      percent(share),
      measure(trainingLoss),
      ...names.map((name) => measure(metrics[name] ?? Number.NaN)),
    ]),
    style,
  );
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
