/** Clients that nobody here wrote, against a running server: PyPI's tritonclient and kserve, and generic calls. */
import { afterAll, beforeAll } from "vitest";
import { describeChecks, describeInterop } from "./run-checks.ts";
import { type ServedModels, serveModels } from "./served-models.ts";

describeInterop("clients of others", () => {
  let models: ServedModels;
  const server = () => models;

  beforeAll(async () => {
    models = await serveModels();
  }, 120_000);

  afterAll(() => models?.stop());

  describeChecks("triton_grpc.py", server);
  describeChecks("triton_aio.py", server);
  describeChecks("triton_stream.py", server);
  describeChecks("triton_control.py", server);
  describeChecks("kserve_grpc.py", server);
  describeChecks("triton_http.py", server);
  describeChecks("kserve_http.py", server);
  describeChecks("reflection.py", server);
});
