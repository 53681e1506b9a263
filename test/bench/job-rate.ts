/** How fast a job trains in a suite that runs: watched for a while once it is in its stride, then cancelled. */
import { type Amaas, hasEnded, type Job, jobStateName } from "@amaas/client";

export interface Watched {
  readonly stepsPerSecond: number;
  /** As it was at the end of the while. */
  readonly job: Job;
}

/** While sessions warm up and loops are compiled. */
const skippedSteps = 8;

export async function jobRate(
  client: Amaas,
  document: object,
  { directory, seconds }: { readonly directory: string; readonly seconds: number },
): Promise<Watched> {
  const { id } = await client.jobs.submit(document, { baseDirectory: directory });
  let first: { readonly steps: number; readonly at: number } | undefined;
  let watched: Watched | undefined;
  for await (const { job, firstStep, losses } of client.jobs.watch(id)) {
    if (hasEnded(job.state)) {
      if (watched) return watched;
      throw new Error(`the job ended as ${jobStateName(job.state)}: ${job.reason}`);
    }
    const now = { steps: firstStep + losses.length, at: performance.now() };
    if (losses.length === 0 || now.steps < skippedSteps || watched) continue;
    first ??= now;
    const elapsed = (now.at - first.at) / 1000;
    if (elapsed < seconds || now.steps === first.steps) continue;
    watched = { stepsPerSecond: (now.steps - first.steps) / elapsed, job };
    await client.jobs.cancel(id);
  }
  throw new Error(`the stream of job ${id} ended before the job`);
}
