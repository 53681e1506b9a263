/**
 * A job that begins from a registered version: from exactly its weights, by its digest wherever the
 * alias goes meanwhile, and the same whoever computes it and whatever is killed.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { jobStateName } from "@amaas/client";
import { readModel } from "@amaas/graph";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;

/** A thousand digits, 16 steps an epoch. */
const digits = (training: object, changed: object = {}) => ({
  ...shortDigits({ training, resources: { workers: 1, servers: 1 } }),
  split: { training: 0.1, validation: 0.1, test: 0.8 },
  ...changed,
});
const tuned = {
  epochs: 1,
  optimizer: { type: "adam", learningRate: 0.0001 },
  freeze: ["layer0/*"],
};

let story: Story;
let parent: Run;
let child: Run;

beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
  parent = await story.run(digits({ epochs: 6 }));
  const warmStart = { model: "digits", alias: "champion" };
  child = await story.run(digits({ ...tuned, warmStart }));
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

async function weightsOf({ bits: { digest } }: Run) {
  const path = join(story.directory, "weights.onnx");
  await story.client.blobs.download(digest, path);
  return readModel(await readFile(path)).graph.initializers;
}

test("it begins from the weights of the version, which the job and the lineage name", async () => {
  const [before, after] = [await weightsOf(parent), await weightsOf(child)];
  for (const name of ["layer0/weight", "layer0/bias"])
    expect(after.get(name)?.data).toEqual(before.get(name)?.data);
  expect(child.losses[0]).toBeLessThan((parent.losses[0] ?? 0) / 4);
  const { digest } = parent.bits;
  expect(child.job.spec?.training.warmStart).toEqual({
    model: "digits",
    alias: "champion",
    version: parent.version,
    digest,
    strict: true,
  });
  const { lineage } = await story.client.models.version("digits", child.version);
  expect(lineage?.parent).toEqual({ model: "digits", version: parent.version, digest });
  const first = await story.client.models.version("digits", parent.version);
  expect(first.lineage?.parent).toBeUndefined();
  expect(await story.log(child.job.id)).toContain("begins from version 1 of digits: 6 of 6");
});

test("its spec is the same job wherever the alias is, at other workers, and after a kill", {
  timeout,
}, async () => {
  await story.client.models.promote("digits", child.version, "champion");
  const resources = { workers: 3, servers: 2 };
  const act = () => {
    for (const name of ["parameter-server-1", "trainer-1"]) story.suite.kill(name, "SIGKILL");
  };
  const again = await story.run({ ...child.job.spec, resources }, { atStep: 11, act });
  expect(again.bits).toEqual(child.bits);
});

test("a repeat with the same key is the job of before, though the alias has moved", async () => {
  const jobs = createClient(JobsDefinition, story.suite.endpoints.scheduler, {
    telemetry: nullTelemetry(),
  });
  const warmStart = { model: "digits", alias: "candidate" };
  const spec = digits({ ...tuned, warmStart }, { data: child.job.spec?.data });
  const submit = (strict: boolean) =>
    jobs.submitJob({
      spec: { ...spec, training: { ...tuned, batchSize: 64, warmStart: { ...warmStart, strict } } },
      idempotencyKey: "warm",
    });
  const move = (version: number) => story.client.models.promote("digits", version, "candidate");
  await move(parent.version);
  const { job } = await submit(true);
  await move(child.version);
  expect((await submit(true)).job?.id).toBe(job?.id);
  await expect(submit(false)).rejects.toMatchObject({ code: "already-exists" });
  await story.client.jobs.cancel(job?.id ?? "");
  jobs.close();
});

test("what does not fit is refused by name, or left as it is and told", { timeout }, async () => {
  const architecture = { type: "mlp", hidden: [128, 32] };
  const warmStart = { model: "digits", version: 1 };
  const training = { ...tuned, freeze: [] };
  const refused = await story.submit(digits({ ...training, warmStart }, { architecture }));
  const { job } = await story.follow(refused.id);
  expect(jobStateName(job.state)).toBe("failed");
  for (const text of [
    "training.warmStart: found version 1 of digits, which does not fit this network",
    "layer1/weight: found FP32[128, 64], wanted FP32[128, 32]",
    "layer1/bias: found FP32[64], wanted FP32[32]",
    "layer2/weight: found FP32[64, 10], wanted FP32[32, 10]",
  ])
    expect(job.reason).toContain(text);
  expect(job.reason).not.toContain("layer0");

  const loose = { ...warmStart, strict: false };
  const partly = await story.run(digits({ ...tuned, warmStart: loose }, { architecture }));
  const [before, after] = [await weightsOf(parent), await weightsOf(partly)];
  expect(after.get("layer0/weight")?.data).toEqual(before.get("layer0/weight")?.data);
  const log = await story.log(partly.job.id);
  expect(log).toContain("begins from version 1 of digits: 3 of 6 parameters");
  expect(log).toContain("keeps its initial values: layer1/bias: found FP32[64], wanted FP32[32]");

  const other = { type: "linear" };
  const { id } = await story.submit(
    digits({ ...training, warmStart: loose }, { architecture: other }),
  );
  expect((await story.follow(id)).job.reason).toContain("nothing of it fits");
});

test("what the registry does not have is refused at once", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  for (const [warmStart, field, says] of [
    [{ model: "nobody", version: 1 }, "", 'no model "nobody"'],
    [{ model: "digits", version: 99 }, "", 'no version 99 of model "digits"'],
    [{ model: "digits", alias: "nobody" }, "", 'no alias "nobody" of model "digits"'],
    [{ model: "digits", version: 1, digest }, ".digest", `wanted ${parent.bits.digest}`],
  ] as const) {
    const submitted = story.submit(digits({ ...tuned, warmStart }));
    await expect(submitted).rejects.toMatchObject({
      code: "invalid-argument",
      violations: [
        { field: `training.warmStart${field}`, description: expect.stringContaining(says) },
      ],
    });
  }
});
