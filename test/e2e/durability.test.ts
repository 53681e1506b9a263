/**
 * Acknowledged means kept: every process of a suite, its supervisor included, is killed with -9 in
 * one go, and the suite that starts on the same state goes on as if nothing had been.
 */
import { type Amaas, jobStateName } from "@amaas/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { temporaryFolder } from "../suite/temporary-folder.ts";
import { insectsInput, submitInsects, writeInsects } from "./insects.ts";
import { follow } from "./run.ts";
import { startUp, type Up } from "./up.ts";

const timeout = 180_000;
/** The same training under three names: one result. */
const epochs = 25;
const killAtStep = 200;

describe("on SQLite", () => {
  survives(async () => ({}));
});

describe.skipIf(!postgresAvailable())("on PostgreSQL, shared by scheduler and registry", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  survives(async () => ({ AMAAS_DATABASE_URL: await server.createDatabase() }));
});

function survives(variables: () => Promise<Record<string, string>>): void {
  test("jobs, versions and aliases survive kill -9 of everything at once", {
    timeout,
  }, async () => {
    const folder = await temporaryFolder();
    const env = await variables();
    await writeInsects(folder);
    const before = await startUp(folder, env);
    const { kept, running, last } = await leaveWorkBehind(before, folder).finally(before.killAll);

    const after = await startUp(folder, env);
    try {
      const { client } = after;
      expect(await client.jobs.get(kept.job.id)).toEqual(kept.job);
      expect(await client.models.get("kept")).toEqual(kept.model);
      await client.waitServed("kept", 1);
      expect(await ask(client, "kept")).toEqual(kept.answer);

      expect((await client.jobs.list()).map(({ id }) => id)).toEqual([last, running, kept.job.id]);
      for (const id of [running, last]) {
        const { job } = await follow(client, id, []);
        expect(job.reason).toContain("version 1");
        expect(job.outcome?.weightsSha256).toBe(kept.job.outcome?.weightsSha256);
      }
      expect(await resumedFrom(client, running)).toBeGreaterThanOrEqual(50);
    } finally {
      await after.stop();
    }
  });
}

/** A job that has ended, one in the middle of its training, one submitted a moment ago. */
async function leaveWorkBehind({ client }: Up, folder: string) {
  const submit = (name: string) => submitInsects(client, folder, { name, epochs });
  const { id } = await submit("kept");
  const { job } = await follow(client, id, []);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  await client.models.promote("kept", 1, "stable", { reason: "looks good" });
  await client.waitServed("kept", 1);
  const kept = {
    job,
    answer: await ask(client, "kept"),
    model: await client.models.get("kept"),
  };

  const running = (await submit("running")).id;
  for await (const { losses, firstStep } of client.jobs.watch(running))
    if (firstStep + losses.length >= killAtStep) break;
  const last = (await submit("last")).id;
  return { kept, running, last };
}

async function ask(client: Amaas, model: string): Promise<string> {
  const { version, outputs } = await client.infer(model, insectsInput(4));
  return JSON.stringify({ version, label: outputs.label, probabilities: outputs.probabilities });
}

/** The step of the checkpoint that the job went back to. */
async function resumedFrom(client: Amaas, job: string): Promise<number> {
  const lines = await Array.fromAsync(client.jobs.log(job), ({ message }) => message);
  return Number(/begin again from step (\d+)/.exec(lines.join("\n"))?.[1]);
}
