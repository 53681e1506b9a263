/** A new version behind the alias: how it takes over, what happens where it is no good, and without the registry. */
import { rm, writeFile } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { startInferenceServer } from "./inference-server.ts";
import { scaling } from "./models.ts";
import { registryStage } from "./registry-stage.ts";

const stage = registryStage();
const patience = 20_000;

test("an alias move is followed at once by event, or on the timer where events do not come", async () => {
  const { bus, folder, registry } = stage;
  const registryAddress = registry.address;
  const slowPoll = { AMAAS_POLL_SECONDS: "3600" };
  const told = await startInferenceServer({ folder, registryAddress, env: slowPoll, bus });
  const deaf = await startInferenceServer({ folder, registryAddress });
  try {
    await vi.waitFor(() => expect([told.ready(), deaf.ready()]).toEqual([true, true]), {
      timeout: 30_000,
    });
    await stage.promote(await stage.register(scaling(1)));
    await Promise.all([told.serves(stage.model, 1), deaf.serves(stage.model, 1)]);
  } finally {
    await told.stop();
    await deaf.stop();
  }
});

describe("a new version", () => {
  test("takes over under load without a failed request, and the old one is freed", async () => {
    await stage.publish(scaling(1));
    const second = await stage.register(scaling(2));
    const answers: { version: string; y: number }[] = [];
    let stop = false;
    const caller = async () => {
      while (!stop) answers.push(await stage.inference.scale(stage.model, 5));
    };
    const callers = Array.from({ length: 8 }, caller);
    const more = async () => {
      const before = answers.length;
      await vi.waitFor(() => expect(answers.length).toBeGreaterThan(before + 100), patience);
    };
    await more();
    await stage.promote(second);
    await stage.inference.serves(stage.model, second);
    await more();
    stop = true;
    await Promise.all(callers);

    const versions = answers.map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set(["1", "2"]));
    for (const { version, y } of answers) expect(y).toBe(5 * Number(version));
    await vi.waitFor(
      () =>
        expect(stage.inference.log).toContainEqual(
          expect.objectContaining({ message: "version closed", model: stage.model, version: 1 }),
        ),
      patience,
    );
    await expect(
      stage.inference.client.modelInfer({ modelName: stage.model, modelVersion: "1" }),
    ).rejects.toMatchObject({
      code: "not-found",
      message: `Request for unknown model: '${stage.model}' version '1' is not found; version 2 is served`,
    });
  });

  test("gives way again when the alias is rolled back", async () => {
    await stage.publish(scaling(1));
    await stage.publish(scaling(2));
    await stage.registry.registry.rollback(
      { model: stage.model, alias: "champion" },
      { retry: false },
    );
    await stage.inference.serves(stage.model, 1);
    expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "1", y: 5 });
  });

  test("whose bytes are damaged leaves the old one serving, and is loaded once they are mended", async () => {
    await stage.publish(scaling(1));
    const bytes = scaling(7);
    const second = await stage.register(bytes);
    const path = await stage.fileOf(second);
    await rm(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1)! ^ 1)]));
    await stage.promote(second);
    const failed = expect.objectContaining({
      level: "warn",
      message: "version failed to load",
      model: stage.model,
      version: second,
      stillServed: 1,
      error: expect.stringContaining("damaged"),
    });
    await vi.waitFor(() => expect(stage.inference.log).toContainEqual(failed), patience);
    expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "1", y: 5 });
    expect(stage.inference.health.get(stage.model)).toBe(true);

    await stage.registry.upload(bytes);
    await stage.inference.serves(stage.model, second, 20_000);
    expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "2", y: 35 });
  });

  test("that is no model, or a model that cannot run, leaves the old one serving", async () => {
    await stage.publish(scaling(1));
    for (const bytes of [new TextEncoder().encode("not a model"), new Uint8Array(0)]) {
      const version = await stage.register(bytes);
      await stage.promote(version);
      const failed = expect.objectContaining({
        message: "version failed to load",
        model: stage.model,
        version,
      });
      await vi.waitFor(() => expect(stage.inference.log).toContainEqual(failed), patience);
      expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "1", y: 5 });
    }
  });

  test("that was never good leaves the model unserved, and says why", async () => {
    await stage.promote(await stage.register(new TextEncoder().encode("not a model")));
    await vi.waitFor(
      () =>
        expect(stage.inference.client.modelInfer({ modelName: stage.model })).rejects.toMatchObject(
          {
            code: "not-found",
            message: expect.stringMatching(
              `^Request for unknown model: '${stage.model}' has no available versions: version 1 failed to load`,
            ),
          },
        ),
      patience,
    );
    expect(stage.inference.health.get(stage.model)).toBe(false);
    expect(await stage.inference.client.modelReady({ name: stage.model })).toEqual({
      ready: false,
    });
    expect(await stage.inference.client.serverReady({})).toEqual({ ready: true });
  });
});

describe("a registry", () => {
  test("that is down is served without, and caught up with when it is back", async () => {
    await stage.publish(scaling(1));
    const second = await stage.register(scaling(2));
    await stage.registry.stop();
    await vi.waitFor(
      () =>
        expect(stage.inference.log).toContainEqual(
          expect.objectContaining({ level: "warn", message: expect.stringContaining("registry") }),
        ),
      patience,
    );
    expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "1", y: 5 });
    expect(stage.inference.ready()).toBe(true);

    await stage.restartRegistry();
    await stage.promote(second);
    await stage.inference.serves(stage.model, second, 20_000);
    expect(await stage.inference.scale(stage.model, 5)).toEqual({ version: "2", y: 10 });
  });

  test("that comes late makes those ready that started before", async () => {
    await stage.publish(scaling(4));
    const { folder, registry } = stage;
    await registry.stop();
    const early = await startInferenceServer({ folder, registryAddress: registry.address });
    try {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(early.ready()).toBe("the registry has not been read yet");
      expect(await early.client.serverReady({})).toEqual({ ready: false });
      await stage.restartRegistry();
      await vi.waitFor(() => expect(early.ready()).toBe(true), patience);
      expect(await early.scale(stage.model, 5)).toEqual({ version: "1", y: 20 });
    } finally {
      await early.stop();
    }
  });
});
