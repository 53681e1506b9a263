/** A whole inference replica in this process, on a loopback port, with a client. */
import { readConfig } from "@amaas/config";
import type { Bus } from "@amaas/events";
import { createApp, type Parts } from "@amaas/inference/app";
import { config } from "@amaas/inference/config";
import {
  GRPCInferenceServiceDefinition,
  type ModelInferResponse,
} from "@amaas/proto/inference/grpc_service";
import { type CallOptions, type Client, createClient, createServer } from "@amaas/rpc";
import { createTelemetry, nullTelemetry } from "@amaas/telemetry";
import { expect, vi } from "vitest";
import { borrowed } from "../registry/registry-server.ts";

export interface InferenceServer {
  /** host:port */
  readonly address: string;
  readonly client: Client<typeof GRPCInferenceServiceDefinition>;
  /** Where REST is. */
  readonly rest: string;
  /** What health checks answer for each model. */
  readonly health: ReadonlyMap<string, boolean>;
  readonly log: readonly LogLine[];
  ready(): true | string;
  /** x of one row to y of one row, by the model's alias. */
  scale(model: string, x: number, options?: CallOptions): Promise<Scaled>;
  /** Waits until `version` answers for `model`. */
  serves(model: string, version: number, ms?: number): Promise<void>;
  /** The sum over all labels. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

export interface Scaled {
  readonly version: string;
  readonly y: number;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface InferenceOptions {
  /** Of the registry, whose blobs are in it. */
  readonly folder?: string;
  readonly registryAddress?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** To be shared with other services in this process. */
  readonly bus?: Bus;
  /** The standard OTEL_* variables; without them no spans are exported. */
  readonly tracing?: NodeJS.ProcessEnv;
  /** Shorter than anybody could wait for. */
  readonly restLimits?: NonNullable<Parts["restLimits"]>;
}

export async function startInferenceServer({
  folder,
  registryAddress,
  env = {},
  bus,
  tracing = {},
  restLimits,
}: InferenceOptions): Promise<InferenceServer> {
  const log: LogLine[] = [];
  const telemetry = createTelemetry({
    service: "inference",
    instance: "inference-1",
    level: "debug",
    destination: { write: (line) => void log.push(JSON.parse(line)) },
    env: tracing,
  });
  const settings = readConfig(config, {
    ...(folder === undefined
      ? {}
      : { AMAAS_BLOBS_URL: `file://${folder}/blobs`, AMAAS_INFERENCE_CACHE: `${folder}/graphs` }),
    ...(registryAddress === undefined ? {} : { AMAAS_REGISTRY_ADDRESS: registryAddress }),
    AMAAS_POLL_SECONDS: "1",
    AMAAS_REST_PORT: "0",
    ...env,
  });
  const app = await createApp({
    config: { ...settings, nodeId: "inference-1", host: "127.0.0.1", drainSeconds: 2 },
    telemetry,
    ...(bus ? { bus: borrowed(bus) } : {}),
    ...(restLimits ? { restLimits } : {}),
  });
  const server = createServer({ telemetry, services: app.services });
  const address = `127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
  const health = new Map<string, boolean>();
  app.listening?.(address, {
    setServing(model, serving) {
      health.set(model, serving);
      server.setServing(model, serving);
    },
  });
  const client = createClient(GRPCInferenceServiceDefinition, address, {
    telemetry: nullTelemetry(),
    retry: false,
  });

  const serves = (model: string, version: number, ms = 60_000) =>
    vi.waitFor(
      async () => {
        const request = { name: model, version: String(version) };
        expect(await client.modelReady(request)).toEqual({ ready: true });
      },
      { timeout: ms, interval: 20 },
    );

  return {
    address,
    rest: `http://127.0.0.1:${app.restPort}`,
    client,
    health,
    log,
    serves,
    ready: () => app.ready?.() ?? true,
    scale: async (model, x, options) => {
      const answer = await client.modelInfer(row(model, x), options);
      return { version: answer.modelVersion, y: firstOf(answer) };
    },
    async metric(name) {
      const { pieces } = await telemetry.metrics.exposition();
      const body = [...pieces].join("");
      const samples = body.matchAll(new RegExp(`^${name}(?:_total)?(?:{.*})? ([0-9.e+-]+)`, "gm"));
      return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
    },
    async stop() {
      client.close();
      await app.drain?.();
      await server.drain(2000);
      await app.close();
      await telemetry.shutdown();
    },
  };
}

/** A request of one row of four equal numbers. */
export function row(model: string, x: number) {
  return {
    modelName: model,
    inputs: [{ name: "x", datatype: "FP32", shape: [1n, 4n] }],
    rawInputContents: [new Uint8Array(new Float32Array(4).fill(x).buffer)],
  };
}

/** The first number of an answer's first output. */
export function firstOf({
  rawOutputContents: [bytes],
}: Pick<ModelInferResponse, "rawOutputContents">): number {
  return new DataView(bytes!.buffer, bytes!.byteOffset).getFloat32(0, true);
}
