/** A whole registry in this process, on a loopback port, with clients of both its services. */
import { readConfig } from "@amaas/config";
import type { Bus } from "@amaas/events";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { createApp } from "@amaas/registry/app";
import { config } from "@amaas/registry/config";
import { type Client, createClient, createServer } from "@amaas/rpc";
import { nullTelemetry, type Telemetry } from "@amaas/telemetry";

export interface RegistryServer {
  readonly address: string;
  readonly registry: Client<typeof RegistryDefinition>;
  readonly blobs: Client<typeof BlobsDefinition>;
  /** Keeps `bytes` and answers their digest. */
  upload(bytes: Uint8Array): Promise<string>;
  /** Registers the model's next version, which is answered, without moving the alias. */
  register(model: string, bytes: Uint8Array): Promise<number>;
  /** The same, and `champion` points to it. */
  publish(model: string, bytes: Uint8Array): Promise<number>;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  readonly folder: string;
  readonly databaseUrl?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly telemetry?: Telemetry;
  /** To be shared with other services in this process. */
  readonly bus?: Bus;
}

export async function startRegistryServer({
  folder,
  databaseUrl = `sqlite:${folder}/registry.db`,
  port = 0,
  env = {},
  telemetry = nullTelemetry(),
  bus,
}: RegistryOptions): Promise<RegistryServer> {
  const settings = readConfig(config, {
    AMAAS_DATABASE_URL: databaseUrl,
    AMAAS_BLOBS_URL: `file://${folder}/blobs`,
    ...env,
  });
  const app = await createApp({
    config: { ...settings, nodeId: "registry-1" },
    telemetry,
    ...(bus ? { bus: borrowed(bus) } : {}),
  });
  const server = createServer({ telemetry, services: app.services });
  const address = `127.0.0.1:${await server.listen("127.0.0.1", port)}`;
  const clients = clientsOf(address);
  return {
    address,
    ...clients,
    async stop() {
      clients.registry.close();
      clients.blobs.close();
      await server.drain(1000);
      await app.close();
    },
  };
}

export function clientsOf(address: string) {
  const options = { telemetry: nullTelemetry(), deadlineMs: 10_000 };
  const registry = createClient(RegistryDefinition, address, options);
  const blobs = createClient(BlobsDefinition, address, options);
  const upload = async (bytes: Uint8Array) =>
    (await blobs.uploadBlob(chunksOf(bytes), { deadlineMs: 10_000 })).digest;
  const register = async (model: string, bytes: Uint8Array) => {
    const digest = await upload(bytes);
    const { version } = await registry.createVersion({ version: { model, digest } });
    return version!.version;
  };
  const publish = async (model: string, bytes: Uint8Array) => {
    const version = await register(model, bytes);
    await registry.moveAlias({ model, alias: "champion", version });
    return version;
  };
  return { registry, blobs, upload, register, publish };
}

function* chunksOf(bytes: Uint8Array, size = 2 ** 20) {
  for (let at = 0; at < bytes.length; at += size) yield { chunk: bytes.subarray(at, at + size) };
}

/** A bus that its borrower does not close. */
export function borrowed(bus: Bus): Bus {
  return {
    publish: (event) => bus.publish(event),
    subscribe: (subject, handler) => bus.subscribe(subject, handler),
    onConnect: (fn) => bus.onConnect(fn),
    close: async () => {},
  };
}
