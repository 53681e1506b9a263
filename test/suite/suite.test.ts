/** The suite's supervisor, with the real services as its children. */
import { fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@amaas/client";
import { type Exit, type Suite, type SuiteOptions, startSuite } from "@amaas/suite";
import { expect, onTestFinished, test } from "vitest";
import { runs, temporaryFolder } from "./temporary-folder.ts";

async function start(directory: string, options: Partial<SuiteOptions> = {}): Promise<Suite> {
  const suite = await startSuite({ directory, ports: "free", trainers: 1, servers: 1, ...options });
  onTestFinished(() => suite.stop(5_000));
  await suite.ready();
  return suite;
}

const pidsOf = (suite: Suite) => [...suite.processes.values()].map(({ pid }) => pid ?? 0);

test("a suite starts, answers, keeps its state, and stops without a trace", async () => {
  const directory = await temporaryFolder();
  const suite = await start(directory);

  for (const { http } of suite.processes.values())
    expect((await fetch(`http://${http}/readyz`)).status).toBe(200);
  const client = createClient(suite.endpoints);
  const { digest } = await client.blobs.upload(new TextEncoder().encode("kept"));

  const state = JSON.parse(await readFile(join(directory, "suite.json"), "utf8"));
  expect(state.endpoints).toEqual(suite.endpoints);
  expect(state.processes.map((process: { pid: number }) => process.pid)).toEqual(pidsOf(suite));
  await expect(startSuite({ directory, ports: "free" })).rejects.toThrow(
    `a suite already runs on ${directory} (process ${process.pid})`,
  );

  const pids = pidsOf(suite);
  client.close();
  await suite.stop();
  await suite.exited;
  expect(pids.filter(runs)).toEqual([]);
  await expect(readFile(join(directory, "suite.json"))).rejects.toThrow("ENOENT");

  const again = createClient((await start(directory)).endpoints);
  expect(await again.blobs.upload(new TextEncoder().encode("kept"))).toEqual({
    digest,
    bytes: 4,
    known: true,
  });
  again.close();
});

test("whatever is killed comes back on its ports, and the others do not notice", async () => {
  const exits: [string, Exit][] = [];
  const suite = await start(await temporaryFolder(), {
    onExit: (name, exit) => exits.push([name, exit]),
  });
  const before = new Map([...suite.processes].map(([name, { grpc, http }]) => [name, grpc + http]));
  for (const name of suite.processes.keys()) suite.kill(name);
  await expect
    .poll(
      () => [...suite.processes.values()].every(({ ready, restarts }) => ready && restarts === 1),
      {
        timeout: 30_000,
      },
    )
    .toBe(true);
  expect(exits.map(([name]) => name).sort()).toEqual([...suite.processes.keys()].sort());
  for (const [, exit] of exits)
    expect(exit).toEqual({ code: null, signal: "SIGKILL", restartInMs: 200 });
  for (const [name, { grpc, http }] of suite.processes) expect(grpc + http).toBe(before.get(name));
  const client = createClient(suite.endpoints);
  expect(await client.jobs.list()).toEqual([]);
  client.close();
  expect(() => suite.kill("trainer-9")).toThrow("no process is called trainer-9");
});

test("a variable that a service refuses ends the start, and the reason is told", async () => {
  const suite = await startSuite({
    directory: await temporaryFolder(),
    ports: "free",
    env: { AMAAS_LOG_LEVEL: "loud" },
  });
  onTestFinished(() => suite.stop(5_000));
  await expect(suite.ready()).rejects.toThrow(/exited with 78[\s\S]*AMAAS_LOG_LEVEL: found "loud"/);
});

/** From before the first child listens to after all are ready. */
test.each([0, 400, undefined])(
  "nothing outlives a supervisor that is killed %s ms after it started its children",
  async (ms) => {
    const directory = await temporaryFolder();
    const fixture = fileURLToPath(new URL("./supervisor.fixture.ts", import.meta.url));
    const supervisor = fork(fixture, [directory], { stdio: "ignore" });
    const told = Promise.withResolvers<number[]>();
    supervisor.on("message", ({ type, pids }: { type: string; pids: number[] }) => {
      if (type === (ms === undefined ? "ready" : "started")) told.resolve(pids);
    });
    const pids = await told.promise;
    await sleep(ms);
    supervisor.kill("SIGKILL");
    await expect.poll(() => pids.filter(runs), { timeout: 20_000 }).toEqual([]);
    // Nor does anything of it keep a new one from starting.
    const suite = await start(directory);
    await suite.stop();
  },
);
