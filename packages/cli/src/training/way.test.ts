import { Job, JobState } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { expect, test } from "vitest";
import { plainProgress } from "../terminal/progress.ts";
import { Curve } from "./curve.ts";
import { Way } from "./way.ts";

test("a job that makes room for another one is not told as trained", () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const progress = plainProgress({ write, columns: 80, rows: 20 });
  const way = new Way(progress);
  const progressed = { step: 41, totalSteps: 200, totalEpochs: 4, epoch: 0 };
  const follow = (state: JobState, reason: string) =>
    way.follow(new Curve(Job.fromPartial({ state, reason, progress: progressed })));
  follow(JobState.TRAINING, "trains on trainer-1");
  follow(JobState.PLACING, "preempted by job_2 of priority 5 at step 41");
  follow(JobState.TRAINING, "trains on trainer-1");
  follow(JobState.PACKAGING, "trainer-1 makes the served model");
  const lines = written.join("").split("\n");
  const ends = lines
    .filter((line) => line.startsWith("Train"))
    .filter((line) => / \(\d+ ms\)/.test(line));
  expect(ends.map((line) => line.replace(/ \(\d+ ms\)/, ""))).toEqual([
    "Train         preempted by job_2 of priority 5 at step 41",
    "Train         200 steps in 4 epochs",
  ]);
});
