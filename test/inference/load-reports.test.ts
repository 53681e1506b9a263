/** How loaded replicas say they are, with their answers and beside them, and clients that go by it. */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GRPCInferenceServiceDefinition,
  ModelInferRequest,
} from "@amaas/proto/inference/grpc_service";
import { OrcaLoadReport } from "@amaas/proto/xds/data/orca/v3/orca_load_report";
import { OpenRcaServiceDefinition } from "@amaas/proto/xds/service/orca/v3/orca";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { slow } from "./models.ts";

const model = "work";
const timeout = 60_000;
const rows = { name: "x", datatype: "FP32", shape: [1n, 512n] };
const request = { modelName: model, inputs: [rows], rawInputContents: [new Uint8Array(2048)] };

interface Replica {
  readonly inference: InferenceServer;
  readonly registry: RegistryServer;
  readonly folder: string;
}
/** The same model by name: a hundred layers more in the second. */
let quick: Replica;
let busy: Replica;

async function start(layers: number, env = {}): Promise<Replica> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-load-reports-"));
  const registry = await startRegistryServer({ folder });
  await registry.publish(model, slow(layers));
  const inference = await startInferenceServer({ folder, registryAddress: registry.address, env });
  await inference.serves(model, 1);
  return { inference, registry, folder };
}

beforeAll(async () => {
  quick = await start(1);
  busy = await start(101, { AMAAS_INFERENCE_LOAD_REPORTS: "always" });
}, timeout);

afterAll(async () => {
  for (const replica of [quick, busy]) {
    await replica?.inference.stop();
    await replica?.registry.stop();
    if (replica) await rm(replica.folder, { recursive: true });
  }
});

/** The load report among the trailers of one call, read from the wire. */
async function reportOf(
  { inference: { address } }: Replica,
  asked: typeof request,
  metadata: Readonly<Record<string, string>> = {},
): Promise<OrcaLoadReport | undefined> {
  const session = connect(`http://${address}`);
  const stream = session.request({
    ":method": "POST",
    ":path": `/${GRPCInferenceServiceDefinition.fullName}/ModelInfer`,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  const body = ModelInferRequest.encode(ModelInferRequest.fromPartial(asked)).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.byteLength, 1);
  stream.end(Buffer.concat([head, body]));
  const found = await new Promise<string | undefined>((resolve, reject) => {
    const take = (headers: Record<string, unknown>) => {
      if ("grpc-status" in headers)
        resolve(headers["endpoint-load-metrics-bin"] as string | undefined);
    };
    // A refusal has no body, so its status is among the headers.
    stream.on("response", take).on("trailers", take).on("error", reject).resume();
  });
  session.close();
  return found === undefined ? undefined : OrcaLoadReport.decode(Buffer.from(found, "base64"));
}

test("an answer tells how loaded the replica is to who asks, a refusal too", {
  timeout,
}, async () => {
  expect(await reportOf(quick, request)).toBeUndefined();
  const asks = { "endpoint-load-metrics-format": "bin" };
  await vi.waitFor(async () => {
    const report = (await reportOf(quick, request, asks))!;
    expect(report.rpsFractional).toBeGreaterThan(0);
    expect(report.applicationUtilization).toBeGreaterThan(0);
    expect(report.applicationUtilization).toBeLessThan(1);
    expect(report.namedMetrics).toMatchObject({ queue: 0, headroom: expect.any(Number) });
    expect(report.namedMetrics.headroom).toBeGreaterThan(0);
    expect(report.memUtilization).toBeGreaterThan(0);
    expect(report.memUtilization).toBeLessThanOrEqual(1);
    expect(report.cpuUtilization).toBeGreaterThan(0);
  }, timeout);
  const unknown = { ...request, modelName: "nobody" };
  expect((await reportOf(quick, unknown, asks))!.namedMetrics).toMatchObject({ queue: 0 });
});

test("where it is configured, every answer tells", async () => {
  expect(await reportOf(busy, request)).toMatchObject({ namedMetrics: { queue: 0 } });
});

test("a stream beside the calls tells at once and again, and ends when its reader leaves", async () => {
  const client = createClient(OpenRcaServiceDefinition, quick.inference.address, {
    telemetry: nullTelemetry(),
  });
  const told: OrcaLoadReport[] = [];
  const reportInterval = { seconds: 0, nanos: 1 };
  for await (const report of client.streamCoreMetrics({ reportInterval })) {
    told.push(report);
    if (told.length === 3) break;
  }
  expect(told).toHaveLength(3);
  const negative = { reportInterval: { seconds: -1, nanos: 0 } };
  await expect(Array.fromAsync(client.streamCoreMetrics(negative))).rejects.toMatchObject({
    code: "invalid-argument",
  });
  client.close();
});

test("a client that balances by load sends more to the replica that can take more", {
  timeout,
}, async () => {
  const address = `ipv4:${quick.inference.address},${busy.inference.address}`;
  const client = createClient(GRPCInferenceServiceDefinition, address, {
    telemetry: nullTelemetry(),
    balance: "load",
  });
  const answered = async ({ inference }: Replica) => {
    const { modelStats } = await inference.client.modelStatistics({ name: model });
    return Number(modelStats[0]!.inferenceStats!.success!.count);
  };
  await vi.waitFor(
    async () => {
      const before = await Promise.all([answered(quick), answered(busy)]);
      for (let each = 0; each < 40; each++) await client.modelInfer(request);
      const after = await Promise.all([answered(quick), answered(busy)]);
      const [most, least] = after.map((count, index) => count - before[index]!);
      expect(most! + least!).toBe(40);
      expect(most).toBeGreaterThan(3 * least!);
    },
    { timeout: timeout - 5_000, interval: 100 },
  );
  client.close();
});

test("readers of the stream do not hold up a server that stops", { timeout }, async () => {
  const replica = await start(1);
  const client = createClient(OpenRcaServiceDefinition, replica.inference.address, {
    telemetry: nullTelemetry(),
  });
  const reports = client.streamCoreMetrics({ reportInterval: { seconds: 3600, nanos: 0 } });
  await reports.next();
  await replica.inference.stop();
  expect(await reports.next()).toEqual({ done: true, value: undefined });
  client.close();
  await replica.registry.stop();
  await rm(replica.folder, { recursive: true });
});
