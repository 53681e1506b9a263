/**
 * Follows a job on the screen until it has ended, and says what came out. Ctrl-C detaches: the job
 * goes on, and the user is told how to come back. A job that does not succeed fails the command.
 */
import { type Job, jobStateName, type Outcome } from "@amaas/client";
import { DomainError } from "@amaas/errors";
import { jobDocument } from "../documents.ts";
import { Ended, exitCodes } from "../failure.ts";
import type { Connection, Session } from "../session.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";
import { followJob } from "./follow.ts";
import { headline } from "./headline.ts";

export async function attend(session: Session, connection: Connection, id: string): Promise<void> {
  const curve = await watched(session, connection, id);
  const { job } = curve;
  if (jobStateName(job.state) !== "succeeded")
    throw unsuccessful(job, session.json ? "" : `\nIts log: ${session.shell.command} logs ${id}`);
  if (session.json) session.printJson(jobDocument(job));
  else session.print("", ...summary(curve, session.shell.command));
}

async function watched(
  session: Session,
  { client, traceparent }: Connection,
  id: string,
): Promise<Curve> {
  const { command, signal } = session.shell;
  const progress = session.openProgress();
  try {
    return await followJob(client, id, progress, { signal, traceparent });
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.close();
    session.note("", `Detached; the job goes on. Come back with: ${command} job ${id} --follow`);
    throw new Ended(exitCodes.interrupted);
  } finally {
    progress.close();
  }
}

function unsuccessful({ id, state, reason }: Job, hint: string): DomainError {
  const cancelled = jobStateName(state) === "cancelled";
  const why = reason === "" ? "" : `: ${reason}`;
  return cancelled
    ? new DomainError("cancelled", `job ${id} was cancelled${why}`)
    : new DomainError("failed-precondition", `job ${id} failed${why}${hint}`);
}

function summary(curve: Curve, command: string): string[] {
  const { outcome, traceId } = curve.job;
  if (!outcome) return [];
  if (outcome.version === 0) return unregistered(curve, outcome);
  const model = printable(outcome.model);
  const alias = printable(outcome.alias);
  const tested = headline(curve.test);
  const title = `${model} version ${outcome.version}${alias === "" ? "" : ` is ${alias}`}`;
  return [
    tested === undefined ? title : `${title}: ${tested}`,
    ...(outcome.ending?.reason ? [`ended    ${printable(outcome.ending.reason)}`] : []),
    ...(outcome.gateVerdict === "" ? [] : [`gate     ${printable(outcome.gateVerdict)}`]),
    `weights  ${outcome.weightsSha256}`,
    `trace    ${traceId}`,
    "",
    alias === ""
      ? `No alias was moved. To serve it: ${command} promote ${model} ${outcome.version} --alias champion`
      : `Ask it:  ${command} ${question(curve.job, model)}`,
  ];
}

/** A language model is asked to go on, not to judge rows. */
function question({ spec }: Job, model: string): string {
  return spec?.task === "language-modeling"
    ? `generate ${model} --prompt TEXT`
    : `predict ${model} --input FILE`;
}

function unregistered(curve: Curve, { weightsSha256 }: Outcome): string[] {
  return [
    `No version was kept: ${headline(curve.test) ?? headline(curve.validations.at(-1)) ?? "no rows to score it on"}`,
    `weights  ${weightsSha256}`,
    `trace    ${curve.job.traceId}`,
  ];
}
