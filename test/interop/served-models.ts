/** The test models behind a real inference server, registered as models are. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInferenceServer } from "../inference/inference-server.ts";
import { startRegistryServer } from "../registry/registry-server.ts";
import { models } from "./models.ts";

export interface ServedModels {
  /** host:port, as is the next one. */
  readonly grpc: string;
  readonly http: string;
  stop(): Promise<void>;
}

export async function serveModels(): Promise<ServedModels> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-interop-"));
  const registry = await startRegistryServer({ folder });
  for (const [model, bytes] of Object.entries(models)) {
    const digest = await registry.upload(bytes);
    await registry.registry.createVersion({ version: { model, digest } });
    await registry.registry.moveAlias({ model, alias: "champion", version: 1 });
  }
  const server = await startInferenceServer({ folder, registryAddress: registry.address });
  for (const model of Object.keys(models)) await server.serves(model, 1, 60_000);
  return {
    grpc: server.address,
    http: new URL(server.rest).host,
    async stop() {
      await server.stop();
      await registry.stop();
      await rm(folder, { recursive: true });
    },
  };
}
