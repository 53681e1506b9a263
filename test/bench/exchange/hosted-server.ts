/**
 * A real parameter-server process with one shard to host, which a scheduler of one task gives it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openBlobs } from "@amaas/blobs";
import { FleetDefinition, Prepared, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { createServer, implement } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { leaves, parameters, samplesPerLeaf } from "./sizes.ts";

export interface HostedServer {
  /** host:port */
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const job = "job_bench";
export const generation = 1;

export async function startHostedServer(): Promise<HostedServer> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-bench-exchange-"));
  const url = pathToFileURL(folder).href;
  const { digest } = await openBlobs(url).put(new Uint8Array(parameters * 4));
  const hosted = Promise.withResolvers<void>();
  const services = [schedulerOf(digest, hosted.resolve)];
  const scheduler = createServer({ telemetry: nullTelemetry(), services });
  const port = await scheduler.listen("127.0.0.1", 0);

  const child = fork(fileURLToPath(import.meta.resolve("@amaas/parameter-server/main")), [], {
    env: {
      ...process.env,
      AMAAS_PORT: "0",
      AMAAS_HTTP_PORT: "0",
      AMAAS_LOG_LEVEL: "warn",
      AMAAS_BLOBS_URL: url,
      AMAAS_SCHEDULER_ADDRESS: `127.0.0.1:${port}`,
    },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", process.stderr, process.stderr, "ipc"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the parameter server did not start");
  const address = await addressOf(child);
  await hosted.promise;
  return {
    address,
    pid,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await scheduler.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  for (;;) {
    const [message] = (await once(child, "message")) as [{ type?: string; grpc?: string }];
    if (message.type === "amaas:listening" && message.grpc !== undefined) return message.grpc;
  }
}

/** Gives the one task to whoever attaches, and never has another. */
function schedulerOf(initialWeights: string, onHosted: () => void) {
  const steps = 2 ** 30;
  const task = Task.fromPartial({
    id: `${job}/${generation}/host/0`,
    job,
    generation,
    spec: {
      name: "bench",
      task: "classification",
      data: {
        format: "arrays",
        features: `sha256:${"0".repeat(64)}`,
        labels: `sha256:${"0".repeat(64)}`,
      },
      architecture: { type: "linear" },
      training: {
        epochs: 1,
        batchSize: leaves * samplesPerLeaf,
        virtualShards: leaves,
        optimizer: { type: "sgd", learningRate: 0.01 },
        checkpointEverySteps: 1_000_000,
      },
    },
    work: {
      $case: "host",
      value: {
        prepared: Prepared.fromPartial({
          parameterCount: parameters,
          initialWeights,
          sums: [{ name: "loss", length: 1 }],
          stepsPerEpoch: steps,
          totalSteps: steps,
        }),
        shard: 0,
        shards: 1,
        step: 0,
        checkpoint: "",
      },
    },
  });
  return implement(FleetDefinition, {
    async *attach(requests) {
      yield { tasks: [task] };
      for await (const { tasks } of requests)
        if (tasks.some(({ detail }) => detail?.$case === "hosted")) onHosted();
    },
  });
}
