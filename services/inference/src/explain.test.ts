import type { InferParameter, ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import { expect, test } from "vitest";
import { explained, wantsExplanation } from "./explain.ts";

const said = (value?: string) => ({
  metadata: (name: string) => (name === "amaas-explain" ? value : undefined),
});
const asked = (parameterChoice: InferParameter["parameterChoice"]) => ({
  parameters: { amaas_explain: { parameterChoice } },
});

test("an explanation is given to who asks for it, by a parameter or by metadata", () => {
  expect(wantsExplanation({ parameters: {} }, said())).toBe(false);
  expect(wantsExplanation({ parameters: {} }, said("0"))).toBe(false);
  expect(wantsExplanation({ parameters: {} }, said("1"))).toBe(true);
  expect(wantsExplanation(asked({ $case: "boolParam", value: true }), said())).toBe(true);
  // The parameter is nearer to the request.
  expect(wantsExplanation(asked({ $case: "boolParam", value: false }), said("1"))).toBe(false);
  expect(() => wantsExplanation(asked({ $case: "stringParam", value: "yes" }), said())).toThrow(
    "parameter 'amaas_explain' is string yes, wanted a bool",
  );
});

test("it says what answered and what became of the request; the response itself is left alone", () => {
  const response: ModelInferResponse = {
    modelName: "digits",
    modelVersion: "3",
    id: "",
    parameters: { own: { parameterChoice: { $case: "stringParam", value: "kept" } } },
    outputs: [],
    rawOutputContents: [],
  };
  const execution = {
    id: 17,
    rows: 6,
    padding: 2,
    requests: 3,
    closedBy: "full",
    instance: 1,
    startedAt: 0,
    inputMs: 0.0126,
    inferMs: 5,
    outputMs: 0.001,
  };
  const answer = { rows: 2, queuedMs: 1.5, totalMs: 7, cacheMs: 0, traceparent: "" };
  const wanted = { version: 3, digest: "sha256:ab" };
  const plain = ({ parameters }: ModelInferResponse) =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { parameterChoice }]) => [
        name,
        parameterChoice?.value,
      ]),
    );
  expect(plain(explained(response, { ...answer, execution, cache: "miss" }, wanted))).toEqual({
    own: "kept",
    amaas_version: "3",
    amaas_digest: "sha256:ab",
    amaas_total_us: 7000n,
    amaas_queue_us: 1500n,
    amaas_cache: "miss",
    amaas_compute_input_us: 13n,
    amaas_compute_infer_us: 5000n,
    amaas_compute_output_us: 1n,
    amaas_batch_id: 17n,
    amaas_batch_requests: 3n,
    amaas_batch_rows: 6n,
    amaas_batch_padding: 2n,
    amaas_batch_closed_by: "full",
    amaas_instance: 1n,
  });
  const hit = explained(response, { ...answer, execution: undefined, cache: "hit" }, wanted);
  expect(plain(hit)).not.toHaveProperty("amaas_batch_id");
  expect(plain(hit)).toMatchObject({ amaas_cache: "hit" });
  expect(Object.keys(response.parameters)).toEqual(["own"]);
});
