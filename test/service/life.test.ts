/** A service process, from its first variable to its exit code. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, expect, test } from "vitest";
import { endAll, get, start } from "./echo-process.ts";

afterEach(endAll);

test("it starts, becomes ready, drains a call in flight on SIGTERM and exits with 0", async () => {
  const service = start({ AMAAS_PORT: "0", TEST_ANSWER_AFTER_MS: "400", TEST_COLD: "true" });
  const { grpc, http } = await service.message("amaas:listening");
  expect(grpc).toMatch(/^127\.0\.0\.1:\d+$/);

  expect(await get(http, "/livez")).toMatchObject({ status: 200 });
  expect(await get(http, "/readyz")).toMatchObject({ status: 503, body: "warming up\n" });
  service.child.kill("SIGUSR2");
  await service.message("amaas:ready");
  expect(await get(http, "/readyz")).toMatchObject({ status: 200 });
  expect((await get(http, "/metrics")).body).toContain("process_resident_memory_bytes");
  expect(await get(http, "/else")).toMatchObject({ status: 404 });

  const client = createClient(BlobsDefinition, grpc, { telemetry: nullTelemetry(), retry: false });
  const inFlight = client.statBlob({ digest: "x" });
  await new Promise((resolve) => setTimeout(resolve, 150));
  service.child.kill("SIGTERM");
  expect(await inFlight).toEqual({ exists: true, bytes: 7 });
  client.close();
  expect(await service.exitCode).toBe(0);
  expect(service.lines.find(({ message }) => message === "closed")).toMatchObject({
    steps: ["drain", "answered", "close"],
    service: "registry",
    level: "info",
  });
});

test("it is small when idle", async () => {
  const cache = await mkdtemp(join(tmpdir(), "amaas-cache-"));
  const first = start({ AMAAS_PORT: "0", NODE_COMPILE_CACHE: cache });
  await first.message("amaas:ready");
  first.child.kill("SIGTERM");
  await first.exitCode;

  const service = start({ AMAAS_PORT: "0", NODE_COMPILE_CACHE: cache });
  const { http } = await service.message("amaas:listening");
  await service.message("amaas:ready");
  const { body } = await get(http, "/metrics");
  const resident = Number(/process_resident_memory_bytes (\d+)/.exec(body)?.[1]);
  expect(resident).toBeLessThan(120e6);
  await rm(cache, { recursive: true });
});

test("every faulty variable is named, and the exit code says so", async () => {
  const service = start({
    AMAAS_PORT: "http",
    AMAAS_LOG_LEVEL: "loud",
    TEST_ANSWER_AFTER_MS: "-1",
  });
  expect(await service.exitCode).toBe(78);
  for (const name of ["AMAAS_PORT", "AMAAS_LOG_LEVEL", "TEST_ANSWER_AFTER_MS"])
    expect(service.errors.join("\n")).toContain(name);
});

test("it stops when its supervisor has gone", async () => {
  const service = start({ AMAAS_PORT: "0" });
  await service.message("amaas:listening");
  service.child.disconnect();
  expect(await service.exitCode).toBe(0);
});

test("SIGINT is left to the supervisor", async () => {
  const service = start({ AMAAS_PORT: "0" });
  await service.message("amaas:listening");
  service.child.kill("SIGINT");
  await service.message("amaas:ready");
  service.child.kill("SIGTERM");
  expect(await service.exitCode).toBe(0);
});

test("an error that nobody caught is logged and ends the process with 1", async () => {
  const service = start({ AMAAS_PORT: "0" });
  const { grpc } = await service.message("amaas:listening");
  const client = createClient(BlobsDefinition, grpc, { telemetry: nullTelemetry(), retry: false });
  await client.statBlob({ digest: "crash" }).catch(() => {});
  client.close();
  expect(await service.exitCode).toBe(1);
  expect(service.lines.at(-1)).toMatchObject({
    level: "error",
    message: "unhandled rejection: nobody caught me",
  });
});

test("a taken port is said plainly", async () => {
  const first = start({ AMAAS_PORT: "0" });
  const { grpc } = await first.message("amaas:listening");
  const second = start({ AMAAS_PORT: String(grpc.split(":")[1]) });
  expect(await second.exitCode).toBe(1);
  expect(second.lines.at(-1)).toMatchObject({ level: "error" });
});
