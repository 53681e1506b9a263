/** A server and typed clients of it on a loopback port, torn down with the test. */
import {
  ExchangeRequest,
  ExchangeResponse,
  ParameterServerDefinition,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import {
  type Client,
  type ClientOptions,
  createClient,
  createServer,
  type Handlers,
  type Implementation,
  implement,
  type RpcServer,
  type ServerOptions,
  type ServiceDefinition,
} from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { onTestFinished } from "vitest";

export type BlobHandlers = Handlers<typeof BlobsDefinition>;
export type ExchangeHandler = Handlers<typeof ParameterServerDefinition>["exchange"];

export interface Stage {
  readonly server: RpcServer;
  readonly address: string;
}

export async function serve(
  services: readonly Implementation[],
  options: Partial<ServerOptions> = {},
): Promise<Stage> {
  const server = createServer({ telemetry: nullTelemetry(), services, ...options });
  onTestFinished(() => server.close());
  const port = await server.listen("127.0.0.1", 0);
  return { server, address: `127.0.0.1:${port}` };
}

export function connect<D extends ServiceDefinition>(
  definition: D,
  address: string,
  options: Partial<ClientOptions> = {},
): Client<D> {
  const client = createClient(definition, address, { telemetry: nullTelemetry(), ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Blobs with what the test is about; the other methods do the obvious. */
export function blobs(handlers: Partial<BlobHandlers> = {}): Implementation {
  return implement(BlobsDefinition, {
    async uploadBlob(requests) {
      let bytes = 0;
      for await (const { chunk } of requests) bytes += chunk.length;
      return { digest: "sha256:upload", bytes };
    },
    async *downloadBlob({ digest, offset }) {
      for (let part = offset; part < 3; part++) yield { chunk: Buffer.from(`${digest}${part}`) };
    },
    async statBlob({ digest }) {
      return { exists: digest !== "", bytes: digest.length };
    },
    ...handlers,
  });
}

export async function serveBlobs(
  handlers: Partial<BlobHandlers> = {},
  options: Partial<ServerOptions> = {},
): Promise<Stage & { readonly client: Client<typeof BlobsDefinition> }> {
  const stage = await serve([blobs(handlers)], options);
  return { ...stage, client: connect(BlobsDefinition, stage.address) };
}

export async function serveExchange(
  exchange: ExchangeHandler,
): Promise<Stage & { readonly client: Client<typeof ParameterServerDefinition> }> {
  const stage = await serve([implement(ParameterServerDefinition, { exchange })]);
  return { ...stage, client: connect(ParameterServerDefinition, stage.address) };
}

/** A gradient of so many bytes. */
export function contribution(version: number, bytes: number): ExchangeRequest {
  const value = { version, gradient: new Uint8Array(bytes).fill(version) };
  return ExchangeRequest.fromPartial({ message: { $case: "contribution", value } });
}

export function orders(version: number): ExchangeResponse {
  return ExchangeResponse.fromPartial({ message: { $case: "orders", value: { version } } });
}

export function weights(version: number, values: Uint8Array): ExchangeResponse {
  return ExchangeResponse.fromPartial({
    message: { $case: "weights", value: { version, values } },
  });
}

export function versionOf({ message }: ExchangeRequest | ExchangeResponse): number {
  return message === undefined || message.$case === "join" ? 0 : message.value.version;
}

/** Resolves once the condition holds; for what the other side of a socket does. */
export async function eventually(condition: () => boolean, withinMs = 5000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`still not: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
