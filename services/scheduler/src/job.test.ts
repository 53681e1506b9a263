import { Packaged } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import { cancel, fail, succeed } from "./endings.ts";
import { isActive, pack, place, prepare, queue, register, train } from "./job.ts";
import { jobMessage } from "./messages.ts";
import { giveWay, stopPreparing } from "./preemption.ts";
import { isResumable, type Resumable, resume, resumptionWarning } from "./resumption.ts";
import { bodyOf, jobOf, preparedOf } from "./rows.ts";
import { digest, samplePrepared, sampleSpec } from "./sample.fixture.ts";

const at = (start: number) => ({ traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`, start });
const root = at(0).traceparent;
const ending = { version: 20, keptStep: 20, keptEpoch: 2, reason: "" };
const outcome = {
  model: "digits",
  version: 1,
  digest: digest(9),
  weightsSha256: "ab",
  alias: "champion",
  gateVerdict: "passed",
  ending,
};

const queued = queue({ id: "job_1", spec: sampleSpec(), root, phase: at(1) });
const preparing = prepare(queued, "t1", at(2));
const placing = place(preparing, samplePrepared, at(3));
const by = { job: "job_2", priority: 5 };
const servers = [{ node: "s1", address: "s1:1", incarnation: "x" }];
const training = train(placing, { servers, workers: ["t1"] }, at(4));
const packaging = pack(training, { step: 20, digests: [digest(8)] }, "t1", at(5));
const packaged = Packaged.fromPartial({
  digest: digest(9),
  bytes: 7,
  weightsSha256: "ab",
  evaluation: digest(10),
  metrics: { "test/rocAuc": 0.75 },
  intervals: [{ metric: "accuracy", split: "test", value: 0.5, low: 0.25, high: 0.75 }],
});
const registering = register(packaging, packaged, at(6));
const progress = {
  step: 3,
  totalSteps: 20,
  epoch: 0,
  totalEpochs: 2,
  loss: Number.NaN,
  samplesPerSecond: 10,
  workers: 1,
  secondsLeft: Number.POSITIVE_INFINITY,
  evaluations: [{ step: 3, split: "test", metrics: { accuracy: 0.5 } }],
  restarts: 0,
  learningRate: 0.001,
  gradientNorm: 1.5,
  weightNorm: 10,
  updateRatio: 0.001,
  stepTime: { data: 0, compute: 0.01, reduce: 0, exchange: 0, apply: 0, wait: 0 },
  ending,
};

test("a job carries into a state what that state needs, and nothing else", () => {
  expect(queued).toMatchObject({ state: "QUEUED", generation: 1, startedAt: undefined });
  expect(preparing).toMatchObject({ trainer: "t1", startedAt: 2, createdAt: 1 });
  expect(placing).not.toHaveProperty("trainer");
  expect(training).toMatchObject({ start: { step: 0, digests: [""] }, checkpoints: {} });
  expect(packaging).not.toHaveProperty("servers");
  const done = succeed(registering, outcome, 7);
  expect(done).toMatchObject({
    endedAt: 7,
    outcome,
    reason: "registered as version 1 of digits; passed",
  });
  expect(done).not.toHaveProperty("phase");
  expect(isActive(done)).toBe(false);
});

test("a job can fail and be cancelled wherever it is", () => {
  for (const job of [queued, preparing, placing, training, packaging, registering]) {
    expect(isActive(job)).toBe(true);
    expect(fail(job, "x".repeat(10_000), 8)).toMatchObject({ state: "FAILED", endedAt: 8 });
    expect(fail(job, "x".repeat(10_000), 8).reason).toHaveLength(2_000);
    expect(cancel(job, 8).reason).toBe(`cancelled while ${job.state}`);
  }
});

test("a training that is broken off keeps the newest checkpoint that all shards have", () => {
  const checkpoints = { 10: [digest(1)], 20: [digest(2)], 30: [""] };
  const broken = { ...training, checkpoints };
  for (const over of [fail(broken, "lost", 8), cancel(broken, 8)]) {
    expect(over.checkpoint).toEqual({ step: 20, digests: [digest(2)] });
    expect(over.prepared).toBe(samplePrepared);
    expect(jobMessage(over).checkpoint).toEqual(over.checkpoint);
  }
  expect(fail(training, "lost", 8).checkpoint).toBeUndefined();
  for (const over of [cancel(packaging, 8), fail(registering, "refused", 8)])
    expect(over.checkpoint).toEqual(packaging.final);
});

test("a job that was broken off goes on from its checkpoint, in another generation", () => {
  const broken = { ...training, progress, checkpoints: { 10: [digest(1)] } };
  const over = fail(broken, "lost", 8);
  if (!isResumable(over)) expect.unreachable("it has a checkpoint");
  const again = resume(over, at(9));
  const from = { step: 10, digests: [digest(1)] };
  expect(again).toMatchObject({ state: "PLACING", generation: 2, prepared: samplePrepared, from });
  expect(again).not.toHaveProperty("endedAt");
  // What was tested is tested again, and the end is found again.
  expect(again.progress).toMatchObject({ step: 3, evaluations: [], restarts: 1 });
  expect(again.progress?.ending).toBeUndefined();
  const on = train(again, { servers, workers: ["t1"] }, at(10));
  expect(on).toMatchObject({ start: from, checkpoints: { 10: [digest(1)] } });
  expect(cancel(again, 11).checkpoint).toEqual(from);
  expect(resumptionWarning(over)).toContain("it had failed (lost)");
  expect(resumptionWarning(cancel(broken, 8))).toBe("");
  for (const lost of [cancel(queued, 7), fail(training, "lost", 7)])
    expect(isResumable(lost)).toBe(false);
});

test("every state survives its row", () => {
  const jobs = [
    queued,
    preparing,
    { ...preparing, trainer: undefined },
    placing,
    { ...training, progress, checkpoints: { 10: [digest(1), ""] } },
    { ...training, gaveTo: by },
    stopPreparing(preparing, by, at(8)),
    giveWay({ ...training, progress }, { step: 10, digests: [digest(1)] }, by, at(8)),
    resume(cancel(packaging, 7) as Resumable, at(8)),
    packaging,
    registering,
    succeed(registering, outcome, 7),
    fail(training, "lost", 7),
    fail({ ...training, checkpoints: { 10: [digest(1)] } }, "lost", 7),
    cancel(queued, 7),
  ];
  for (const job of jobs)
    expect(jobOf({ body: bodyOf(job), prepared: preparedOf(job) }), job.state).toEqual(job);
  // Found out anew by whoever reads the row.
  const body = bodyOf({ ...training, yieldsTo: by });
  expect(jobOf({ body, prepared: preparedOf(training) })).toEqual(training);
});

test("a row from before there were priorities is one of the usual priority", () => {
  const { priority: _, ...spec } = queued.spec;
  const body = JSON.stringify({ ...queued, spec });
  expect(jobOf({ body, prepared: null })).toEqual(queued);
});

test("a job that gives way goes on from where it rests; neither is that an end, nor a failure", () => {
  const waiting = giveWay({ ...training, progress }, { step: 10, digests: [digest(1)] }, by, at(8));
  expect(waiting).toMatchObject({
    state: "PLACING",
    generation: 2,
    reason: "preempted by job_2 of priority 5",
    startedAt: 2,
    progress: { restarts: 1 },
  });
  expect(isActive(waiting)).toBe(true);
  const on = train(waiting, { servers, workers: ["t1"] }, at(9));
  expect(on).toMatchObject({ start: { step: 10 }, checkpoints: { 10: [digest(1)] } });
  expect(on).not.toHaveProperty("preemptedBy");
  expect(cancel(waiting, 9).checkpoint).toEqual({ step: 10, digests: [digest(1)] });
  const again = prepare(stopPreparing(preparing, by, at(8)), "t2", at(9));
  expect(again).toEqual({ ...preparing, trainer: "t2", phase: at(9), reason: again.reason });
});
