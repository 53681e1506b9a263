import { Job, JobState } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { expect, test } from "vitest";
import { plain } from "../terminal/style.ts";
import { Curve } from "./curve.ts";
import { describeJob } from "./describe-job.ts";

const view = { columns: 80, style: plain };

function described(job: Parameters<typeof Job.fromPartial>[0]): string {
  return describeJob(new Curve(Job.fromPartial(job)), view).join("\n");
}

test("a job that failed tells where its training can be found as it was last kept", () => {
  const checkpoint = { step: 150, digests: ["sha256:ab", "sha256:cd"] };
  const text = described({ id: "job_1", state: JobState.FAILED, checkpoint });
  expect(text).toMatch(/checkpoint +step 150: sha256:ab, sha256:cd/);
  expect(described({ id: "job_1", state: JobState.FAILED })).not.toContain("checkpoint");
});

test("a job that begins from a version tells which", () => {
  const warmStart = { model: "digits", alias: "champion", version: 3 };
  const text = described({ id: "job_1", spec: { name: "tuned", training: { warmStart } } });
  expect(text).toMatch(/begins from +digits 3$/m);
  expect(described({ id: "job_1", spec: { training: {} } })).not.toContain("begins from");
});

test("a job of another priority than most tells it", () => {
  expect(described({ id: "job_1", spec: { priority: -5 } })).toMatch(/^priority +-5$/m);
  expect(described({ id: "job_1", spec: { priority: 0 } })).not.toContain("priority");
});

test("a job that ended early tells why, and which weights it kept", () => {
  const reason = "stopped after epoch 14: no better validation loss for 5 epochs";
  const outcome = { model: "digits", version: 3, ending: { version: 141, reason } };
  const text = described({ id: "job_1", state: JobState.SUCCEEDED, outcome });
  expect(text).toMatch(new RegExp(`ended +${reason}`));
});
