/** A job that begins from a registered version wants the registry once, when it is submitted. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@amaas/blobs";
import { expect, test } from "vitest";
import { startRegistryServer } from "../registry/registry-server.ts";
import { startSchedulerServer } from "./scheduler-server.ts";

test("where the registry is away the job is refused for now, and nothing is queued", async () => {
  const folder = await mkdtemp(join(tmpdir(), "amaas-scheduler-"));
  const registry = await startRegistryServer({ folder });
  const scheduler = await startSchedulerServer({ folder, registry: registry.address });
  try {
    await registry.stop();
    const blobs = openBlobs(`file://${folder}/blobs`);
    const put = async () => (await blobs.put(randomBytes(100))).digest;
    const training = { epochs: 2, batchSize: 64, optimizer: { type: "adam" } };
    const spec = {
      name: "digits",
      task: "classification",
      data: { format: "arrays", features: await put(), labels: await put() },
      architecture: { type: "mlp", hidden: [16] },
      training: { ...training, warmStart: { model: "digits", alias: "champion" } },
    };
    await expect(scheduler.jobs.submitJob({ spec }, { deadlineMs: 3_000 })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(
        /^training\.warmStart: the registry cannot say now which version of digits that is/,
      ),
    });
    expect((await scheduler.jobs.listJobs({})).jobs).toEqual([]);
    // Who begins from initial values does not need it.
    await scheduler.jobs.submitJob({ spec: { ...spec, training } });
  } finally {
    await scheduler.stop();
    await rm(folder, { recursive: true });
  }
}, 60_000);
