/** Predictions by the SDK: of models with a configuration, of text, and of a replica that is too busy for a moment. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Amaas, createClient } from "@amaas/client";
import { isDomainError } from "@amaas/errors";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { echo, scaling } from "./models.ts";

let folder: ModelFolder;
let server: InferenceServer;
let client: Amaas;

beforeAll(async () => {
  folder = await modelFolder();
  await folder.put("scaling/1/model.onnx", scaling(2));
  await folder.put(
    "scaling/config.pbtxt",
    `max_batch_size: 4
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "negative" data_type: TYPE_FP32 dims: [ 4 ] }`,
  );
  await folder.put("echo/1/model.onnx", echo());
  server = await startInferenceServer({
    env: {
      AMAAS_MODEL_REPOSITORY: folder.path,
      AMAAS_INFERENCE_TENANTS: '{"*": {"perSecond": 5}}',
    },
  });
  await server.serves("scaling", 1);
  await server.serves("echo", 1);
  const nowhere = "127.0.0.1:1";
  client = createClient({ scheduler: nowhere, registry: nowhere, inference: server.address });
}, 120_000);

afterAll(async () => {
  client?.close();
  await server?.stop();
  await folder?.close();
});

const rows = (count: number) => ({ x: tensor("FP32", [count, 4], new Float32Array(count * 4)) });

test("a model with a configuration, and what it refuses", async () => {
  const x = tensor("FP32", [2, 4], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const { y } = await client.predict("scaling", { x });
  expect(y).toEqual(tensor("FP32", [2, 4], Float32Array.of(2, 4, 6, 8, 10, 12, 14, 16)));
  await expect(client.predict("scaling", rows(5))).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining("inference request batch-size must be <= 4"),
  });
  await expect(client.predict("nobody", rows(1))).rejects.toMatchObject({ code: "not-found" });
});

test("what a model takes is known, with the rows that a request may have", async () => {
  const metadata = await client.modelMetadata("scaling", 1);
  expect(metadata).toMatchObject({ maxRows: 4, inputs: [{ name: "x", shape: [-1, 4] }] });
});

test("amaas predict divides what it is given into as many requests as the model needs", async () => {
  const rows = Array.from({ length: 6 }, (_, row) => [row, 0, 0, 1]);
  const file = join(folder.path, "..", "rows.json");
  await writeFile(file, JSON.stringify(rows));
  const given = ["--input", file, "--inference", server.address, "--output", "json"];
  const { code, stdout } = await inProcess(folder.path, ["predict", "scaling", ...given]);
  expect(code).toBe(0);
  const { predictions } = JSON.parse(stdout);
  expect(predictions.map(({ y }: { y: number[] }) => y)).toEqual(
    rows.map((row) => row.map((x) => 2 * x)),
  );
});

test("text and booleans come back as they went", async () => {
  const sent = {
    text_in: tensor("BYTES", [2, 1], ["größer 🙂", ""]),
    count_in: tensor("INT64", [2], BigInt64Array.of(-1n, 2n ** 62n)),
    flag_in: tensor("BOOL", [2], Uint8Array.of(1, 0)),
  };
  expect(await client.predict("echo", sent)).toEqual({
    text: sent.text_in,
    count: sent.count_in,
    flag: sent.flag_in,
  });
});

/** What a client that does not come back is told; tries until it is refused. */
async function refusal() {
  for (;;)
    try {
      await server.client.modelInfer(row("scaling", 1));
    } catch (error) {
      if (isDomainError(error)) return error;
      throw error;
    }
}

test("a replica that is too busy is asked again when it says, if that is before the deadline", async () => {
  const { code, retryAfterMs } = await refusal();
  expect([code, typeof retryAfterMs]).toEqual(["resource-exhausted", "number"]);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => client.infer("scaling", rows(1))),
  );
  expect(answers.map(({ version }) => version)).toEqual(new Array(8).fill("1"));

  await refusal();
  await expect(client.predict("scaling", rows(1), { deadlineMs: 20 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(resource-exhausted|deadline-exceeded)$/),
  });
}, 60_000);

test("who gives up waits no longer", async () => {
  await refusal();
  const leaving = new AbortController();
  const waiting = client.predict("scaling", rows(1), { signal: leaving.signal });
  leaving.abort();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
});
