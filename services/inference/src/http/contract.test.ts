import { ModelStatisticsResponse } from "@amaas/proto/inference/grpc_service";
import { ModelConfig } from "@amaas/proto/inference/model_config";
import { expect, test } from "vitest";
import { messageJson } from "./contract.ts";

test("a configuration reads as Triton's: names of the contract, enums by name, numbers as numbers", () => {
  const config = ModelConfig.fromPartial({
    name: "iris",
    maxBatchSize: 8,
    input: [{ name: "x", dataType: 11, dims: [-1n, 4n] }],
    schedulingChoice: {
      $case: "dynamicBatching",
      value: { preferredBatchSize: [4], maxQueueDelayMicroseconds: 100n },
    },
    parameters: { key: { stringValue: "value" } },
  });
  const json = JSON.parse(
    JSON.stringify(messageJson("ModelConfig", ModelConfig.encode(config).finish())),
  );
  expect(json).toMatchObject({
    name: "iris",
    platform: "",
    max_batch_size: 8,
    input: [{ name: "x", data_type: "TYPE_FP32", dims: [-1, 4], format: "FORMAT_NONE" }],
    output: [],
    dynamic_batching: { preferred_batch_size: [4], max_queue_delay_microseconds: 100 },
    parameters: { key: { string_value: "value" } },
  });
});

test("counts keep all their digits", () => {
  const response = ModelStatisticsResponse.fromPartial({
    modelStats: [{ name: "iris", inferenceCount: 2n ** 64n - 1n }],
  });
  const bytes = ModelStatisticsResponse.encode(response).finish();
  expect(JSON.stringify(messageJson("ModelStatisticsResponse", bytes))).toContain(
    '"inference_count":18446744073709551615',
  );
});
