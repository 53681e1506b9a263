import { createTelemetry } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { createEvents } from "./events.ts";

test("the page tells which version answers for each model, and nothing of one that is gone", async () => {
  const telemetry = createTelemetry({ service: "s", instance: "i", level: "silent", env: {} });
  const events = createEvents(telemetry);
  events.statistics.stop();
  const told = async () => {
    const { pieces } = await telemetry.metrics.exposition();
    const body = [...pieces].join("");
    return body.split("\n").filter((line) => line.startsWith("amaas_inference_serving_version"));
  };
  events.answers("one", 3);
  events.answers("other", undefined);
  expect(await told()).toEqual([
    'amaas_inference_serving_version{model="one"} 3',
    'amaas_inference_serving_version{model="other"} 0',
  ]);
  events.modelRemoved("one");
  expect(await told()).toEqual(['amaas_inference_serving_version{model="other"} 0']);
});
