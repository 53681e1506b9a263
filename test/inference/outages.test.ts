/** What a replica leans on goes away under load: it goes on serving, and catches up when that is back. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { natsAvailable, startNats } from "../servers/nats.ts";
import { postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { scaling } from "./models.ts";

const timeout = 120_000;

let folder: string;
/** Newest first. */
let ends: (() => Promise<unknown>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-outages-"));
  ends = [() => rm(folder, { recursive: true })];
});

afterEach(async () => {
  for (const end of ends) await end();
});

function until<T extends { stop(): Promise<unknown> }>(server: T): T {
  ends.unshift(() => server.stop());
  return server;
}

const register = (registry: RegistryServer, factor: number) =>
  registry.register("scale", scaling(factor));

const promote = ({ registry }: RegistryServer, version: number) =>
  registry.moveAlias({ model: "scale", alias: "champion", version });

/** Asks until it is stopped; the factor of every version is its number. */
function load(inference: InferenceServer) {
  let asking = true;
  let answers = 0;
  const caller = async () => {
    while (asking) {
      const { version, y } = await inference.scale("scale", 3);
      expect(y).toBe(3 * Number(version));
      answers++;
    }
  };
  const all = Promise.all([caller(), caller()]);
  // Told by `stop`.
  all.catch(() => {});
  return {
    async goesOn() {
      const before = answers;
      await vi.waitFor(() => expect(answers).toBeGreaterThan(before + 100), 30_000);
    },
    async stop() {
      asking = false;
      await all;
    },
  };
}

test.skipIf(!natsAvailable())("the bus", { timeout }, async () => {
  const nats = until(await startNats());
  const AMAAS_NATS_URL = nats.url;
  const registry = until(await startRegistryServer({ folder, env: { AMAAS_NATS_URL } }));
  const { address } = registry;
  // Nothing but events tells it of a move.
  const env = { AMAAS_NATS_URL, AMAAS_POLL_SECONDS: "3600" };
  const inference = until(await startInferenceServer({ folder, registryAddress: address, env }));
  await registry.publish("scale", scaling(1));
  await inference.serves("scale", 1);
  const asking = load(inference);
  await nats.kill();
  await promote(registry, await register(registry, 2));
  await asking.goesOn();
  expect((await inference.scale("scale", 1)).version).toBe("1");
  expect(inference.ready()).toBe(true);

  await nats.restart();
  await inference.serves("scale", 2);
  await promote(registry, await register(registry, 3));
  await inference.serves("scale", 3);
  await asking.stop();
});

test.skipIf(!postgresAvailable())("the registry's database", { timeout }, async () => {
  const postgres = until(await startPostgres());
  const databaseUrl = await postgres.createDatabase();
  const registry = until(await startRegistryServer({ folder, databaseUrl }));
  const { address } = registry;
  const inference = until(await startInferenceServer({ folder, registryAddress: address }));
  await registry.publish("scale", scaling(1));
  await inference.serves("scale", 1);
  const second = await register(registry, 2);
  const asking = load(inference);
  await postgres.kill();
  await vi.waitFor(
    () =>
      expect(inference.log).toContainEqual(
        expect.objectContaining({
          level: "warn",
          message: "the registry cannot be read; what is served stays",
        }),
      ),
    30_000,
  );
  await asking.goesOn();
  expect(inference.ready()).toBe(true);
  expect(inference.health.get("scale")).toBe(true);
  await expect(inference.client.repositoryModelLoad({ modelName: "scale" })).rejects.toMatchObject({
    code: "unavailable",
  });
  await asking.goesOn();

  await postgres.restart();
  await promote(registry, second);
  await inference.serves("scale", 2);
  await asking.stop();
});
