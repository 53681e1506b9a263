/**
 * A folder of the test models served as users serve theirs: `amaas serve`, a process of its own, in which clients load
 * and unload.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { modelFolder } from "../inference/model-folder.ts";
import { models } from "./models.ts";

const main = fileURLToPath(import.meta.resolve("@amaas/cli/main"));

export interface ServedModels {
  /** host:port, as is the next one. */
  readonly grpc: string;
  readonly http: string;
  stop(): Promise<void>;
}

const freePorts = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"];
const control = ["--model-control-mode", "explicit", "--load-model", "*"];

export async function serveModels(): Promise<ServedModels> {
  const folder = await modelFolder();
  for (const [name, bytes] of Object.entries(models))
    await folder.put(`${name}/1/model.onnx`, bytes);
  await folder.put("simple/config.pbtxt", "max_batch_size: 128");
  const args = ["--output", "json", "serve", folder.path, ...control, ...freePorts];
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, AMAAS_LOG_LEVEL: "warn" },
  });
  const { grpc, http } = JSON.parse(await firstLine(child)) as { grpc: string; http: string };
  return {
    grpc,
    http,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await folder.close();
    },
  };
}

/** Its addresses, once it is ready; what it has told people where it does not get so far. */
async function firstLine({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  let told = "";
  stderr.on("data", (text: Buffer) => {
    told = (told + text).slice(-10_000);
  });
  for await (const line of createInterface(stdout)) return line;
  throw new Error(`amaas serve ended:\n${told}`);
}
