/** A folder of models behind one inference service, as `amaas serve` has it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ModelServer, startModelServer } from "@amaas/suite";

export interface Folder {
  readonly path: string;
  /** Of graphs, empty at first: what another run of the benchmark has left would make loads quicker. */
  readonly cache: string;
  put(model: string, onnx: Uint8Array, config?: string): Promise<void>;
  remove(): Promise<void>;
}

export async function modelFolder(): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), "amaas-bench-models-"));
  const path = join(root, "models");
  return {
    path,
    cache: join(root, "cache"),
    async put(model, onnx, config) {
      await mkdir(join(path, model, "1"), { recursive: true });
      await writeFile(join(path, model, "1", "model.onnx"), onnx);
      if (config !== undefined) await writeFile(join(path, model, "config.pbtxt"), config);
    },
    remove: () => rm(root, { recursive: true }),
  };
}

export interface Serving {
  readonly grpc: string;
  readonly pid: number;
}

/** Serves while `use` runs. */
export async function serving<T>(
  { path: folder, cache }: Folder,
  use: (server: Serving) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const server: ModelServer = await startModelServer({
    folder,
    host: "127.0.0.1",
    ports: { http: 0, grpc: 0, metrics: 0 },
    mode: "explicit",
    pollSeconds: 60,
    models: ["*"],
    env: { AMAAS_LOG_LEVEL: "error", AMAAS_INFERENCE_CACHE: cache, ...env },
    onLine: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    await server.ready;
    if (server.pid === undefined) throw new Error("the server is down");
    return await use({ grpc: server.grpc, pid: server.pid });
  } finally {
    await server.stop();
  }
}
