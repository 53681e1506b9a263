/** The registry as a process: kill -9 in the middle of everything: what was acknowledged is kept, and nothing is half done. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clientsOf } from "./registry-server.ts";

const main = fileURLToPath(import.meta.resolve("@amaas/registry/main"));
let folder: string;
let process_: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-durability-"));
});

afterEach(async () => {
  await kill();
  await rm(folder, { recursive: true });
});

interface Listening {
  readonly type: string;
  readonly grpc: string;
  readonly http: string;
}

/** The registry as a process of its own; answers where it listens. */
async function start(): Promise<{ grpc: string; http: string }> {
  const child = fork(main, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...process.env,
      AMAAS_PORT: "0",
      AMAAS_HTTP_PORT: "0",
      AMAAS_LOG_LEVEL: "error",
      AMAAS_DATABASE_URL: `sqlite:${folder}/registry.db`,
      AMAAS_BLOBS_URL: `file://${folder}/blobs`,
    },
  });
  process_ = child;
  for (;;) {
    const [message] = (await once(child, "message")) as [Listening];
    if (message.type === "amaas:listening") return message;
  }
}

async function kill(): Promise<void> {
  const child = process_;
  process_ = undefined;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("versions, aliases and blobs that were acknowledged survive kill -9", async () => {
  const model = "digits";
  const acknowledged: number[] = [];
  let digest = "";
  let revision = 0;
  for (let round = 0; round < 3; round++) {
    const { registry, blobs, upload } = clientsOf((await start()).grpc);
    if (round === 0) digest = await upload(randomBytes(10_000));
    else await expect(blobs.statBlob({ digest })).resolves.toMatchObject({ bytes: 10_000 });

    // Killed while calls are in flight, at no particular moment.
    const killed = new Promise<void>((resolve) =>
      setTimeout(() => resolve(kill()), 150 + 100 * round),
    );
    for (;;) {
      try {
        const request = { version: { model, digest } };
        const made = await registry.createVersion(request, { retry: false });
        acknowledged.push(made.version?.version ?? 0);
        const moved = await registry.moveAlias(
          { model, alias: "champion", version: acknowledged.at(-1) ?? 0 },
          { retry: false },
        );
        revision = moved.alias?.revision ?? 0;
      } catch {
        break;
      }
    }
    await killed;
    registry.close();
    blobs.close();
  }

  const { registry, blobs } = clientsOf((await start()).grpc);
  const { model: told, versions, history } = await registry.getModel({ name: model });
  // The newest are listed; each of the others is there when asked for.
  const newest = versions[0]!.version;
  expect(versions.map(({ version }) => version)).toEqual(
    versions.map((_, index) => newest - index),
  );
  const kept = Array.from({ length: newest }, (_, index) => index + 1);
  for (const version of kept)
    await expect(
      registry.getVersion({ model, which: { $case: "version", value: version } }),
    ).resolves.toBeDefined();
  expect(kept).toEqual(expect.arrayContaining(acknowledged));
  // At most one call of each round was made but not acknowledged.
  expect(kept.length - acknowledged.length).toBeLessThanOrEqual(3);
  expect(told?.aliases[0]?.revision).toBeGreaterThanOrEqual(revision);
  expect(history.map((entry) => entry.revision)).toEqual(
    Array.from({ length: history.length }, (_, index) => history.length - index),
  );
  registry.close();
  blobs.close();
}, 60_000);

test("uploads and downloads do not stay in memory, however large they are", async () => {
  const { grpc, http } = await start();
  const { registry, blobs } = clientsOf(grpc);
  const chunk = randomBytes(2 ** 20);
  const before = await residentMebibytes(http);
  const { digest } = await blobs.uploadBlob(Array.from({ length: 300 }, () => ({ chunk })));
  const uploaded = await residentMebibytes(http);
  let bytes = 0;
  for await (const part of blobs.downloadBlob({ digest })) bytes += part.chunk.length;
  expect(bytes).toBe(300 * 2 ** 20);
  const downloaded = await residentMebibytes(http);
  expect(Math.max(uploaded, downloaded) - before).toBeLessThan(120);
  registry.close();
  blobs.close();
}, 60_000);

async function residentMebibytes(http: string): Promise<number> {
  const metrics = await (await fetch(`http://${http}/metrics`)).text();
  const [, bytes] = /^process_resident_memory_bytes ([0-9.e+]+)$/m.exec(metrics) ?? [];
  return Number(bytes) / 2 ** 20;
}
