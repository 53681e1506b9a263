/** `amaas top` on real replicas: once, as a document, and on a terminal until somebody leaves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@amaas/cli";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type InferenceServer, row, startInferenceServer } from "../inference/inference-server.ts";
import { scaling } from "../inference/models.ts";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { inProcess } from "./amaas.ts";

let folder: string;
let registry: RegistryServer;
let replicas: InferenceServer[];
let addresses: string[];
/** Where nobody listens. */
const nowhere = "127.0.0.1:1";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-top-"));
  registry = await startRegistryServer({ folder });
  const digest = await registry.upload(scaling(2));
  for (const model of ["asked", "idle"]) {
    await registry.registry.createVersion({ version: { model, digest } });
    await registry.registry.moveAlias({ model, alias: "champion", version: 1 });
  }
  const start = () => startInferenceServer({ folder, registryAddress: registry.address });
  replicas = [await start(), await start()];
  addresses = replicas.map(({ address }) => address);
  for (const replica of replicas)
    for (const model of ["asked", "idle"]) await replica.serves(model, 1);
  for (let each = 0; each < 5; each++) await replicas[0]!.scale("asked", each);
  const wrong = { ...row("asked", 1), rawInputContents: [new Uint8Array(3)] };
  await replicas[0]!.client.modelInfer(wrong).catch(() => {});
});

afterAll(async () => {
  for (const replica of replicas ?? []) await replica.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

test("where there is no terminal it is shown once", async () => {
  const { code, stdout, stderr } = await inProcess(folder, ["top", ...addresses]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^MODEL +VERSION +REQ\/S +P50 .* HEADROOM +REPLICA$/);
  expect(lines).toHaveLength(5);
  const asked = lines.find((line) => line.startsWith("asked") && line.endsWith(addresses[0]!));
  // Version, rate, p50, p99, wait, queued, rows a run, memory, cache, failed, headroom.
  expect(asked).toMatch(
    /^asked +1 +[\d.,]+ +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +0 +1\.0 +[\d.]+ [kM]?B +– +1 +[\d,.]+ /,
  );
  expect(stdout).not.toContain("\x1b");
});

test("as a document it has what ModelStatistics has", async () => {
  const { code, stdout } = await inProcess(folder, [
    "top",
    addresses[0]!,
    nowhere,
    "--output",
    "json",
  ]);
  expect(code).toBe(0);
  const [told, away] = JSON.parse(stdout).replicas;
  expect(told.address).toBe(addresses[0]);
  expect(told.models.map(({ model }: { model: string }) => model).sort()).toEqual([
    "asked",
    "idle",
  ]);
  const asked = told.models.find(({ model }: { model: string }) => model === "asked");
  expect(asked).toMatchObject({ version: "1", failed: 1, rowsPerRun: 1, queued: 0 });
  expect(asked.p50Ms).toBeGreaterThan(0);
  expect(asked.p99Ms).toBeGreaterThanOrEqual(asked.p50Ms);
  expect(away).toMatchObject({ address: nowhere, models: [], fault: expect.any(String) });
});

test("the address comes from where it comes from for other commands; with nobody there it fails", async () => {
  const given = await inProcess(folder, ["--inference", addresses[0]!, "top", "--once"]);
  expect(given.stdout).toMatch(/^asked +1 /m);
  const { code, stdout, stderr } = await inProcess(folder, ["top", nowhere]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(nowhere);
  const wrong = await inProcess(folder, ["top", "--interval", "soon"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("Wanted seconds from 0.1 to 3600.");
});

/** A terminal at which somebody presses keys. */
function terminal(...args: readonly string[]) {
  const keys = Promise.withResolvers<string>();
  const modes: boolean[] = [];
  const stopped = new AbortController();
  let shown = "";
  const input = {
    isTTY: true,
    setRawMode: (raw: boolean) => void modes.push(raw),
    async *[Symbol.asyncIterator]() {
      yield "x";
      yield await keys.promise;
    },
  };
  const stdout = {
    isTTY: true,
    columns: 150,
    rows: 20,
    write: (chunk: string | Uint8Array) => {
      shown += chunk;
    },
  };
  const code = run(["top", ...args, "--interval", "0.1"], {
    command: "amaas",
    env: { TERM: "xterm" },
    directory: folder,
    input,
    stdout,
    stderr: { write: () => {} },
    signal: stopped.signal,
    onImpatience: () => {},
  });
  return {
    code,
    modes,
    stdout,
    press: (key: string) => keys.resolve(key),
    stop: () => stopped.abort(),
    frames: () => shown.split("\x1b[?2026h").slice(1),
    shown: () => shown,
  };
}

test("on a terminal it is drawn in place again and again, in what room there is, until q", async () => {
  const there = terminal(...addresses, nowhere);
  await vi.waitFor(() => expect(there.frames().length).toBeGreaterThan(2), 20_000);
  const [first = "", second = ""] = there.frames();
  expect(first).toContain("3 replicas");
  expect(first).toMatch(/asked +1 /);
  expect(first).toContain(nowhere);
  // Back to where the first was begun: a headline, the table's, four models and who is away.
  expect(second.startsWith("\x1b[7A\r")).toBe(true);
  there.stdout.columns = 40;
  there.stdout.rows = 5;
  const before = there.frames().length;
  await vi.waitFor(() => expect(there.frames().length).toBeGreaterThan(before + 2), 20_000);
  const lines = there.frames().at(-1)!.split("\n");
  expect(lines.length).toBeLessThanOrEqual(5);
  there.press("q");
  expect(await there.code).toBe(0);
  expect(there.shown().endsWith("\x1b[?25h")).toBe(true);
  expect(there.modes).toEqual([true, false]);
});

test("Ctrl-C as a key and as a signal leave with 130, and the terminal as it was", async () => {
  const byKey = terminal(addresses[0]!);
  await vi.waitFor(() => expect(byKey.frames().length).toBeGreaterThan(0), 20_000);
  byKey.press("\x03");
  expect(await byKey.code).toBe(130);
  const bySignal = terminal(addresses[0]!);
  await vi.waitFor(() => expect(bySignal.frames().length).toBeGreaterThan(0), 20_000);
  bySignal.stop();
  expect(await bySignal.code).toBe(130);
  for (const { modes, shown } of [byKey, bySignal]) {
    expect(modes).toEqual([true, false]);
    expect(shown().endsWith("\x1b[?25h")).toBe(true);
  }
});
