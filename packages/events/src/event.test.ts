import { expect, test } from "vitest";
import { decodeEvent, encodeEvent } from "./event.ts";

test("an event survives the wire", () => {
  const event = {
    subject: "amaas.scheduler.job.changed",
    id: "01J00000000000000000000000",
    data: { job: "job_1", state: "JOB_STATE_QUEUED", reason: "ünïcode" },
    traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`,
  } as const;
  expect(decodeEvent(encodeEvent(event))).toEqual(event);
});

test("an unknown subject is refused by name", () => {
  const event = { subject: "amaas.unknown", id: "1", data: new Uint8Array() };
  expect(() => decodeEvent(event)).toThrow(/unknown subject "amaas.unknown"/);
});
