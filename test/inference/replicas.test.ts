/** Two replicas of one model, one of which is killed under load. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceProcess, startInferenceProcess } from "./inference-process.ts";
import { firstOf, row } from "./inference-server.ts";
import { scaling } from "./models.ts";

const timeout = 60_000;
const factor = 3;

let folder: string;
let registry: RegistryServer;
let replicas: InferenceProcess[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-replicas-"));
  registry = await startRegistryServer({ folder });
  await registry.publish("scale", scaling(factor));
  replicas = await Promise.all(["one", "two"].map(startReplica));
}, timeout);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await registry?.stop();
  await rm(folder, { recursive: true });
});

function startReplica(name: string): Promise<InferenceProcess> {
  return startInferenceProcess({
    AMAAS_NODE_ID: name,
    AMAAS_BLOBS_URL: `file://${folder}/blobs`,
    AMAAS_INFERENCE_CACHE: `${folder}/graphs`,
    AMAAS_REGISTRY_ADDRESS: registry.address,
  });
}

type Inference = Client<typeof GRPCInferenceServiceDefinition>;

/** Of the replicas in this order: the first is asked as long as it is there. */
function clientOf(order: readonly InferenceProcess[], retry: boolean): Inference {
  const target = `ipv4:${order.map(({ grpc }) => grpc).join(",")}`;
  return createClient(GRPCInferenceServiceDefinition, target, {
    telemetry: nullTelemetry(),
    retry,
  });
}

/** Asks without a pause until it is told to stop; what was answered is checked. */
function load(client: Inference) {
  const stopping = new AbortController();
  const failures: { code: string; asked: number }[] = [];
  let answers = 0;
  let x = 0;
  const ask = async () => {
    while (!stopping.signal.aborted) {
      const asked = performance.now();
      const value = x++;
      try {
        expect(firstOf(await client.modelInfer(row("scale", value)))).toBe(value * factor);
        answers++;
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
        failures.push({ code: String(error.code), asked });
      }
    }
  };
  const asking = Promise.all(Array.from({ length: 8 }, ask));
  return {
    failures,
    answers: () => answers,
    async stop() {
      stopping.abort();
      await asking;
    },
  };
}

test("a replica that is killed fails its calls in flight and no other, and none that are tried again", {
  timeout,
}, async () => {
  const [first, second] = replicas as [InferenceProcess, InferenceProcess];
  const clients = [
    clientOf([first, second], true),
    clientOf([second, first], true),
    clientOf([first, second], false),
  ];
  const [retrying, elsewhere, plain] = clients.map(load) as [Load, Load, Load];
  const more = async () => {
    const before = [retrying, elsewhere, plain].map(({ answers }) => answers());
    await vi.waitFor(
      () => {
        for (const [index, one] of [retrying, elsewhere, plain].entries())
          expect(one.answers()).toBeGreaterThan(before[index]! + 100);
      },
      { timeout: 20_000 },
    );
  };

  await more();
  const killed = performance.now();
  await first.kill();
  const gone = performance.now();
  await more();

  const again = await startReplica("one");
  replicas = [again, second];
  await more();
  await Promise.all([retrying, elsewhere, plain].map((one) => one.stop()));
  for (const client of clients) client.close();

  expect(retrying.failures).toEqual([]);
  expect(elsewhere.failures).toEqual([]);
  expect(plain.failures.length).toBeLessThanOrEqual(2 * 8);
  for (const { code, asked } of plain.failures) {
    expect(code).toBe("unavailable");
    expect(asked).toBeLessThan(gone);
    expect(asked).toBeGreaterThan(killed - 5000);
  }
});

type Load = ReturnType<typeof load>;
