/** A folder of models behind one inference service, as `amaas serve` has it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ModelServer, startModelServer } from "@amaas/suite";

export interface Folder {
  readonly path: string;
  put(model: string, onnx: Uint8Array, config?: string): Promise<void>;
  remove(): Promise<void>;
}

export async function modelFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "amaas-bench-models-"));
  return {
    path,
    async put(model, onnx, config) {
      await mkdir(join(path, model, "1"), { recursive: true });
      await writeFile(join(path, model, "1", "model.onnx"), onnx);
      if (config !== undefined) await writeFile(join(path, model, "config.pbtxt"), config);
    },
    remove: () => rm(path, { recursive: true }),
  };
}

export interface Serving {
  readonly grpc: string;
  readonly pid: number;
}

/** Serves while `use` runs. */
export async function serving<T>(
  folder: string,
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
    env: { AMAAS_LOG_LEVEL: "error", ...env },
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
