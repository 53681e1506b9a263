/** Trailing metadata of handlers, as a foreign client finds it; load reports in it steer gRPC's own balancer. */
import { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { OrcaLoadReport } from "@amaas/proto/xds/data/orca/v3/orca_load_report";
import { nullTelemetry } from "@amaas/telemetry";
import { Client, credentials, type StatusObject } from "@grpc/grpc-js";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Context } from "./context.ts";
import { implement } from "./implement.ts";
import { createServer } from "./server.ts";

const path = `/${BlobsDefinition.fullName}/StatBlob`;
const empty = () => Buffer.alloc(0);

async function serve(stat: (context: Context) => Promise<void>): Promise<string> {
  const blobs = implement(BlobsDefinition, {
    uploadBlob: async () => ({ digest: "", bytes: 0 }),
    async *downloadBlob() {},
    async statBlob(_, context) {
      await stat(context);
      return { exists: false, bytes: 0 };
    },
  });
  const server = createServer({ telemetry: nullTelemetry(), services: [blobs] });
  onTestFinished(() => server.close());
  return `127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
}

function open(address: string, options = {}): Client {
  const client = new Client(address, credentials.createInsecure(), options);
  onTestFinished(() => client.close());
  return client;
}

function call(client: Client): Promise<StatusObject> {
  return new Promise((resolve) => {
    const made = client.makeUnaryRequest(path, empty, empty, {}, () => {});
    made.on("status", resolve);
  });
}

test("what a handler adds goes with the status, the last of each name", async () => {
  const address = await serve(async (context) => {
    context.trailer("x-text", "some");
    context.trailer("x-bytes-bin", Uint8Array.of(1, 0, 255));
    context.trailer("x-text", "other");
  });
  const client = open(address);
  const { code, metadata } = await call(client);
  expect(code).toBe(0);
  expect(metadata.get("x-text")).toEqual(["other"]);
  expect(metadata.get("x-bytes-bin")).toEqual([Buffer.of(1, 0, 255)]);
});

test("a refusal has its own details and what the handler added", async () => {
  const address = await serve(async (context) => {
    context.trailer("x-text", "some");
    throw new DomainError("aborted", "stale");
  });
  const { code, details, metadata } = await call(open(address));
  expect({ code, details }).toEqual({ code: 10, details: "stale" });
  expect(metadata.get("x-text")).toEqual(["some"]);
});

test("load reports in answers have weighted_round_robin send more to who can take more", async () => {
  const calls = [0, 0];
  const server = (index: 0 | 1, applicationUtilization: number) =>
    serve(async (context) => {
      calls[index]!++;
      const report = OrcaLoadReport.fromPartial({ rpsFractional: 100, applicationUtilization });
      context.trailer("endpoint-load-metrics-bin", OrcaLoadReport.encode(report).finish());
    });
  const addresses = [await server(0, 0.1), await server(1, 0.9)];
  const policy = { weighted_round_robin: { blackout_period: "0s", weight_update_period: "0.1s" } };
  const client = open(`ipv4:${addresses.join(",")}`, {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [policy] }),
  });
  await vi.waitFor(
    async () => {
      calls.fill(0);
      for (let each = 0; each < 50; each++) await call(client);
      expect(calls[1]).toBeGreaterThan(0);
      expect(calls[0]).toBeGreaterThan(4 * calls[1]!);
    },
    { timeout: 30_000, interval: 50 },
  );
}, 60_000);
