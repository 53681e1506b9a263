/** `amaas job ID`: one job in full, or followed to its end. */
import { type Amaas, type EvaluationRecord, hasEnded, type Job } from "@amaas/client";
import { isDomainError } from "@amaas/errors";
import { type Command, Option } from "commander";
import { type Cli, examples } from "../cli.ts";
import { describeEvaluation } from "../describe-evaluation.ts";
import { curveDocument } from "../documents.ts";
import { Ended, exitCodes } from "../failure.ts";
import { requireListener } from "../reach.ts";
import type { Session } from "../session.ts";
import { attend } from "../training/attend.ts";
import { Curve } from "../training/curve.ts";
import { describeJob } from "../training/describe-job.ts";
import { drawCurve } from "../training/one-curve.ts";

export function job(command: Command, cli: Cli): void {
  command
    .description("Shows a job: its state, its progress, its loss curve, what came out.")
    .argument("<id>", "the job's id")
    .option("-f, --follow", "stay until it has ended; Ctrl-C detaches")
    .addOption(
      new Option(
        "--curve <name>",
        "draw one figure large: loss, accuracy, learning-rate, gradient-norm, …",
      ).conflicts("follow"),
    )
    .addHelpText(
      "after",
      examples(
        "amaas job job_01K…",
        "amaas job job_01K… --follow",
        "amaas job job_01K… --curve gradient-norm",
      ),
    )
    .action(
      cli.lasting(async (session, id: string, options: { follow?: true; curve?: string }) => {
        await session.connect("job", ["scheduler"], async (connection) => {
          if (options.follow) return attend(session, connection, id);
          const curve = await snapshot(connection.client, id, session.shell.signal);
          if (options.curve === undefined) await show(session, connection.client, curve);
          else draw(session, curve, options.curve);
        });
      }),
    );
}

async function show(session: Session, client: Amaas, curve: Curve): Promise<void> {
  const evaluation = await evaluationOf(session, client, curve.job);
  if (session.json) {
    session.printJson({ ...curveDocument(curve), ...(evaluation && { evaluation }) });
    return;
  }
  const columns = Math.min(100, session.shell.stdout.columns ?? 80);
  session.print(...describeJob(curve, { columns, style: session.style }));
  if (evaluation) session.print("", ...describeEvaluation(evaluation, session.style, columns));
  hint(session, curve.job);
}

function draw(session: Session, curve: Curve, name: string): void {
  const { columns = 80, rows = 24 } = session.shell.stdout;
  const lines = drawCurve(curve, name, { columns: columns - 1, rows, style: session.style });
  if (session.json) session.printJson(curveDocument(curve));
  else session.print(...lines);
}

/** Of the version that came out; a job is shown without it where the registry is away. */
async function evaluationOf(
  session: Session,
  client: Amaas,
  { outcome }: Job,
): Promise<EvaluationRecord | undefined> {
  if (outcome === undefined || outcome.version === 0) return undefined;
  try {
    await requireListener("registry", (await session.addresses()).registry);
    return await client.models.evaluation(outcome.model, outcome.version);
  } catch (error) {
    if (isDomainError(error, "unavailable") || isDomainError(error, "not-found")) return undefined;
    throw error;
  }
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
