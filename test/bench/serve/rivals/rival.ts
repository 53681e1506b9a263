/**
 * Other servers on the same models, with the same threads for each, batch sizes and onnxruntime: MLServer with a small
 * runtime of its own, Triton by PyTriton. All speak the same gRPC, so that the same load goes to each.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { environmentOf, type RivalName } from "./environment.ts";

export interface RivalModel {
  readonly name: string;
  /** An ONNX file. */
  readonly file: string;
  readonly features: number;
  readonly maxBatch: number;
}

export interface Rival {
  readonly name: RivalName;
  readonly grpc: string;
  stop(): Promise<void>;
}

interface Ports {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
}

interface Place {
  /** A folder for what it wants to find. */
  readonly folder: string;
  readonly ports: Ports;
  readonly models: readonly RivalModel[];
  readonly threads: number;
}

type Command = readonly [string, ...string[]];

const here = import.meta.dirname;
const host = "127.0.0.1";
const startMs = 90_000;

const commands: { readonly [R in RivalName]: (place: Place) => Promise<Command> } = {
  async mlserver({ folder, ports, models, threads }) {
    const put = (file: string, value: object) =>
      writeFile(join(folder, file), JSON.stringify(value));
    await put("settings.json", {
      host,
      grpc_port: ports.grpc,
      http_port: ports.http,
      metrics_port: ports.metrics,
      debug: false,
    });
    for (const { name, file, maxBatch } of models) {
      await mkdir(join(folder, name));
      await put(`${name}/model.json`, { model: file, threads });
      await put(`${name}/model-settings.json`, {
        name,
        implementation: "mlserver_runtime.OnnxRuntime",
        max_batch_size: maxBatch,
        max_batch_time: 0.001,
        parameters: { uri: join(folder, name, "model.json") },
      });
    }
    return [join(environmentOf("mlserver").bin, "mlserver"), "start", folder];
  },

  async pytriton({ ports, models, threads }) {
    const numbers = [threads, ports.grpc, ports.http, ports.metrics].map(String);
    const given = models.map(({ name, file, features, maxBatch }) =>
      [name, file, features, maxBatch].join("="),
    );
    const python = join(environmentOf("pytriton").bin, "python");
    return [python, join(here, "pytriton_server.py"), ...numbers, ...given];
  },
};

/** Resolves when it answers for all of them; rejects, with what it said, where it does not. */
export async function startRival(
  name: RivalName,
  models: readonly RivalModel[],
  threads: number,
): Promise<Rival> {
  const folder = await mkdtemp(join(tmpdir(), `amaas-bench-${name}-`));
  const ports = await freePorts();
  const [command, ...args] = await commands[name]({ folder, ports, models, threads });
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk).slice(-4000);
    });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const grpc = `${host}:${ports.grpc}`;
  try {
    await ready(grpc, models, child);
    return { name, grpc, stop };
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start:\n${said}`, { cause: error });
  }
}

async function ready(
  grpc: string,
  models: readonly RivalModel[],
  child: ChildProcess,
): Promise<void> {
  const client = createClient(GRPCInferenceServiceDefinition, grpc, { telemetry: nullTelemetry() });
  const until = performance.now() + startMs;
  try {
    for (const { name } of models) {
      const isReady = () =>
        client.modelReady({ name }, { deadlineMs: 2000, retry: false }).then(
          (answer) => answer.ready,
          () => false,
        );
      while (!(await isReady())) {
        if (child.exitCode !== null || performance.now() > until)
          throw new Error(`${name} is not ready`);
        await delay(200);
      }
    }
  } finally {
    client.close();
  }
}

/** With the processes that it started, which are in its group. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const gone = child.exitCode === null ? once(child, "exit") : undefined;
  signal(child.pid, "SIGTERM");
  await Promise.race([gone, delay(10_000, undefined, { ref: false })]);
  signal(child.pid, "SIGKILL");
  await gone;
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // Nobody is left in it.
  }
}

async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const server = createServer().listen(0, host);
      await once(server, "listening");
      return server;
    }),
  );
  const [grpc = 0, http = 0, metrics = 0] = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  });
  for (const server of servers) server.close();
  return { grpc, http, metrics };
}
