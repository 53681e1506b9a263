/** For tests of models in a registry: a real registry and an inference replica that follows it, and a model name for each test. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus } from "@amaas/events";
import type { CallOptions } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";

export interface RegistryStage {
  readonly folder: string;
  readonly bus: Bus;
  readonly registry: RegistryServer;
  readonly inference: InferenceServer;
  /** A name that no other test has. */
  readonly model: string;
  /** Registers the model's next version without moving the alias. */
  register(bytes: Uint8Array): Promise<number>;
  /** Moves the alias. */
  promote(version: number, options?: CallOptions): Promise<unknown>;
  /** Registers a version of it or of another, moves the alias to it and waits until it is served. */
  publish(bytes: Uint8Array, model?: string): Promise<void>;
  /** Where the registry has the bytes of a version. */
  fileOf(version: number): Promise<string>;
  /** Starts the registry again, where it was, after it was stopped. */
  restartRegistry(): Promise<void>;
}

export function registryStage(): RegistryStage {
  let folder: string;
  let bus: Bus;
  let registry: RegistryServer;
  let inference: InferenceServer;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "amaas-inference-"));
    bus = await connectBus({ telemetry: nullTelemetry(), name: "test" });
    registry = await startRegistryServer({ folder, bus });
    inference = await startInferenceServer({ folder, registryAddress: registry.address, bus });
  });

  afterAll(async () => {
    await inference?.stop();
    await registry?.stop();
    await bus?.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => {
    count += 1;
  });

  const stage: RegistryStage = {
    get folder() {
      return folder;
    },
    get bus() {
      return bus;
    },
    get registry() {
      return registry;
    },
    get inference() {
      return inference;
    },
    get model() {
      return `model-${count}`;
    },
    register: (bytes) => registry.register(stage.model, bytes),
    promote(version, options = {}) {
      const { model } = stage;
      return registry.registry.moveAlias({ model, alias: "champion", version }, options);
    },
    async publish(bytes, model = stage.model) {
      await inference.serves(model, await registry.publish(model, bytes));
    },
    async fileOf(version) {
      const which = { $case: "version" as const, value: version };
      const { version: told } = await registry.registry.getVersion({ model: stage.model, which });
      const files = await readdir(join(folder, "blobs"), { recursive: true, withFileTypes: true });
      const entry = files.find(({ name }) => name.length > 60 && told!.digest.endsWith(name));
      return join(entry!.parentPath, entry!.name);
    },
    async restartRegistry() {
      const port = Number(registry.address.split(":")[1]);
      registry = await startRegistryServer({ folder, bus, port });
    },
  };
  return stage;
}
