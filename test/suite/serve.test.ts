/** `amaas serve` as a user has it: a folder, one command, and any client. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@amaas/client";
import { tensor } from "@amaas/tensor";
import { expect, onTestFinished, test } from "vitest";
import { scaling } from "../inference/models.ts";
import { amaas, inProcess, type Running, startAmaas } from "./amaas.ts";
import { runs, temporaryFolder } from "./temporary-folder.ts";

const freePorts = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"];

interface Started {
  readonly http: string;
  readonly grpc: string;
  readonly metrics: string;
  readonly pid: number;
  readonly models: readonly Record<string, unknown>[];
}

async function put(folder: string, file: string, contents: Uint8Array | string): Promise<void> {
  await mkdir(join(folder, file, ".."), { recursive: true });
  await writeFile(join(folder, file), contents);
}

/** With its one document of JSON. */
async function serve(folder: string, ...args: string[]) {
  const running = startAmaas(folder, ["--output", "json", "serve", ...args, ...freePorts]);
  onTestFinished(() => void running.child.kill("SIGKILL"));
  await running.says('"http":');
  await expect.poll(() => running.said.stdout).toContain("\n");
  return { running, started: JSON.parse(running.said.stdout) as Started };
}

async function interrupt({ child, ended }: Running) {
  child.kill("SIGINT");
  return ended;
}

async function ask(http: string, model: string): Promise<unknown> {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] }];
  const response = await fetch(`http://${http}/v2/models/${model}/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs }),
  });
  const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
  return outputs[0]?.data;
}

test("a folder of models is served over REST and gRPC until Ctrl-C, and nothing is left", async () => {
  const folder = await temporaryFolder();
  await put(folder, "models/scale/1/model.onnx", scaling(2));
  await put(folder, "models/scale/3/model.onnx", scaling(3));
  await put(folder, "models/scale/config.pbtxt", "max_batch_size: 16");
  await put(folder, "models/broken/1/model.onnx", "no model");
  await put(folder, "models/loose.onnx", scaling(7));
  const { running, started } = await serve(folder, "models");
  expect(started.models).toMatchObject([
    { name: "broken", version: "1", state: "UNAVAILABLE", reason: expect.any(String) },
    { name: "loose", version: "1", state: "READY" },
    { name: "scale", version: "3", state: "READY", inputs: [{ name: "x", shape: [-1, 4] }] },
  ]);
  expect(await ask(started.http, "scale")).toEqual([3, 6, 9, 12]);
  const client = createClient({
    scheduler: started.grpc,
    registry: started.grpc,
    inference: started.grpc,
  });
  const x = tensor("FP32", [1, 4], Float32Array.of(1, 2, 3, 4));
  const { version, outputs } = await client.infer("loose", { x });
  expect([version, outputs.y?.data]).toEqual(["1", Float32Array.of(7, 14, 21, 28)]);
  client.close();
  const metrics = await (await fetch(`http://${started.metrics}/metrics`)).text();
  expect(metrics).toMatch(/nv_inference_request_success.*model="scale"/);
  expect(await interrupt(running)).toMatchObject({ code: 0 });
  expect(runs(started.pid)).toBe(false);
});

test("people see what is served, where, why not, and a first line that works", async () => {
  const folder = await temporaryFolder();
  await put(folder, "models/scale/1/model.onnx", scaling(2));
  await put(folder, "models/other/1/model.onnx", scaling(2));
  await put(folder, "models/other/config.pbtxt", "max_batch_size: many");
  const running = startAmaas(folder, ["serve", "models", ...freePorts]);
  onTestFinished(() => void running.child.kill("SIGKILL"));
  await running.says("Ctrl-C stops the server");
  const { stdout } = running.said;
  expect(stdout).toMatch(/scale +1 +ready +x FP32 \[\?, 4\]/);
  expect(stdout).toMatch(/other: .*config\.pbtxt:1:17: found "many", wanted a whole number/);
  const [, url, body] = /curl -s (\S+) -d '(.+)'/.exec(stdout) ?? [];
  const answer = await fetch(url ?? "", { method: "POST", body: body ?? "" });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    model_name: "scale",
    outputs: [{ shape: [1, 4], data: [0, 0, 0, 0] }, { name: "negative" }],
  });
  expect((await interrupt(running)).stdout).toContain("the server has stopped");
});

test("a server that is killed comes back, as its folder is by then", async () => {
  const folder = await temporaryFolder();
  await put(folder, "models/scale/1/model.onnx", scaling(2));
  const { running, started } = await serve(folder, "models", "--model-control-mode", "poll");
  await put(folder, "models/scale/2/model.onnx", scaling(5));
  process.kill(started.pid, "SIGKILL");
  await expect
    .poll(() => ask(started.http, "scale").catch(() => "down"), { timeout: 30_000 })
    .toEqual([5, 10, 15, 20]);
  await interrupt(running);
});

test("a server whose command is killed ends", async () => {
  const folder = await temporaryFolder();
  await put(folder, "half.onnx", scaling(0.5));
  const { running, started } = await serve(
    folder,
    "half.onnx",
    "--model-control-mode",
    "explicit",
    "--load-model",
    "half",
  );
  expect(await ask(started.http, "half")).toEqual([0.5, 1, 1.5, 2]);
  running.child.kill("SIGKILL");
  await expect.poll(() => runs(started.pid), { timeout: 20_000 }).toBe(false);
});

test("what cannot be served is told before anything is started, or instead", async () => {
  const folder = await temporaryFolder();
  await put(folder, "notes.txt", "none");
  await mkdir(join(folder, "empty"));
  const refused = async (...args: string[]) => {
    const { code, stderr } = await inProcess(folder, ["serve", ...args]);
    return `${code}: ${stderr}`;
  };
  expect(await refused("nowhere")).toContain(
    "1: error: there is no nowhere; wanted NAME/1/model.onnx",
  );
  expect(await refused("notes.txt")).toContain("notes.txt is no folder and no .onnx file");
  expect(await refused("empty", "--load-model", "x")).toContain("2: error: --load-model is for");
  expect(await refused("empty", "--grpc-port", "70000")).toContain("from 0 to 65535");
  const { code, stderr } = await amaas(folder, ["serve", "empty", ...freePorts]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("empty has no models; wanted NAME/1"),
  ]);
});
