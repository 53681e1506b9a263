/**
 * The digits' way: written, submitted, trained, registered, served, asked. Each step goes as a user's
 * own job goes, over the same services and the same protocols, and all of them are one trace.
 */
import { basename, join } from "node:path";
import { DomainError } from "@amaas/errors";
import { examples } from "@amaas/examples";
import { fileRefs, type JobSpec, parseJobSpec, withFileRefs } from "@amaas/spec";
import { traceIdOf } from "@amaas/telemetry";
import type { Connection } from "../session.ts";
import { readSpecFile } from "../spec-file.ts";
import { bytes, count, counted } from "../terminal/figures.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Curve } from "../training/curve.ts";
import { followJob } from "../training/follow.ts";
import { until } from "../until.ts";
import { type Asked, askAll } from "./ask.ts";
import { gallery } from "./gallery.ts";
import { type HeldOut, readHeldOut } from "./held-out.ts";
import { createReport, type Report } from "./report.ts";

export interface Run extends Connection {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** A folder for the data. */
  readonly scratch: string;
  /** When the run began, on the clock of `performance`. */
  readonly began: number;
}

export async function trainAndAsk(run: Run): Promise<Report> {
  const { spec, digits } = await writeDigits(run);
  const curve = await train(run, spec);
  const { outcome } = curve.job;
  if (outcome === undefined || outcome.alias === "")
    throw new DomainError(
      "failed-precondition",
      outcome
        ? `the gate held the model back: ${outcome.gateVerdict}`
        : `the job failed: ${curve.job.reason}`,
    );
  await serve(run, outcome.model, outcome.version);
  const asked = await ask(run, outcome.model, digits);
  const { print, view } = run.progress;
  print(["", ...gallery(digits, asked.answers, view.style).map((line) => `   ${line}`), ""]);
  const seconds = (performance.now() - run.began) / 1000;
  return createReport(curve, outcome, asked, { traceId: traceIdOf(run.traceparent), seconds });
}

async function writeDigits(run: Run): Promise<{ spec: JobSpec; digits: HeldOut }> {
  const phase = run.progress.begin("Data");
  await until(examples.digits.writeData(run.scratch), run.signal);
  const example = parseJobSpec(await readSpecFile(examples.digits.job));
  const here = new Map(fileRefs(example).map((ref) => [ref, join(run.scratch, basename(ref))]));
  const spec = withFileRefs(example, here);
  const { data } = spec;
  if (data.format !== "arrays" || data.labels === undefined)
    throw new DomainError("internal", "the digits of the example are not arrays with labels");
  const digits = await readHeldOut(spec, data.features, data.labels);
  phase.done(`${count(digits.all)} handwritten digits, ${count(digits.count)} of them held out`);
  return { spec, digits };
}

async function train(run: Run, spec: JobSpec): Promise<Curve> {
  const { client, progress, signal, traceparent } = run;
  const phase = progress.begin("Submit");
  let sent = 0;
  const { id } = await client.jobs.submit(spec, {
    signal,
    traceparent,
    onUpload: (file, done, total) =>
      phase.detail(`${basename(file)}  ${bytes(done)} of ${bytes(total)}`),
    onUploaded: (_, uploaded) => {
      sent += uploaded.bytes;
    },
  });
  phase.done(`${bytes(sent)} uploaded · ${id}`);
  return followJob(client, id, progress, { signal, traceparent });
}

async function serve(run: Run, model: string, version: number): Promise<void> {
  const phase = run.progress.begin("Serve");
  await run.client.waitServed(model, version, { signal: run.signal });
  phase.done(`${model} version ${version} is loaded and warm`);
}

async function ask(
  { client, progress, signal }: Run,
  model: string,
  digits: HeldOut,
): Promise<Asked> {
  const phase = progress.begin("Ask");
  const asked = await askAll({
    client,
    model,
    digits,
    signal,
    onAnswer: (answered, correct) =>
      phase.detail(`${count(answered)} of ${count(digits.count)}, ${count(correct)} right`),
  });
  const rate = `${count(asked.requestsPerSecond)} requests/s`;
  phase.done(`${counted(digits.count, "digit")} · ${count(asked.correct)} right · ${rate}`);
  return asked;
}
