import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "./identity.ts";
import { type Exit, SupervisedProcess } from "./supervised-process.ts";

const main = fileURLToPath(new URL("./child.fixture.ts", import.meta.url));
const running: SupervisedProcess[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.stop(0)));
});

function supervise(behaviour: string, restart = true) {
  const lines: string[] = [];
  const exits: Exit[] = [];
  const pids: (number | undefined)[] = [];
  const child = new SupervisedProcess(
    {
      name: "trainer-1",
      role: "trainer",
      index: 0,
      main,
      grpc: "127.0.0.1:1",
      http: "127.0.0.1:2",
      env: { BEHAVIOUR: behaviour, AMAAS_NODE_ID: "trainer-1" },
    },
    { PATH: process.env.PATH },
    restart,
    {
      started: ({ pid }) => pids.push(pid),
      line: (line) => lines.push(line),
      exited: (exit) => exits.push(exit),
    },
  );
  running.push(child);
  child.start();
  return { child, lines, exits, pids };
}

test("a process that is killed comes back under its own name, with another pid", async () => {
  const { child, lines, exits, pids } = supervise("ready");
  await child.ready;
  expect(child.isReady).toBe(true);
  child.kill("SIGKILL");
  await expect.poll(() => child.isReady && child.restarts, { timeout: 5000 }).toBe(1);
  expect(exits).toEqual([{ code: null, signal: "SIGKILL", restartInMs: 200 }]);
  expect(pids).toHaveLength(2);
  expect(pids[0]).not.toBe(pids[1]);
  expect(lines).toEqual(["hello from trainer-1", "hello from trainer-1"]);
});

test("a stopped process does not come back", async () => {
  const { child, exits } = supervise("ready");
  await child.ready;
  const { pid = 0 } = child;
  await child.stop(5000);
  expect(exits).toEqual([{ code: 0, signal: null }]);
  expect(child.pid).toBeUndefined();
  expect(isAlive({ pid })).toBe(false);
});

test("a process that does not want to stop is killed when the grace is over", async () => {
  const { child, exits, lines } = supervise("stubborn");
  await child.ready;
  await child.stop(300);
  expect(lines.at(-1)).toBe("no");
  expect(exits).toEqual([{ code: null, signal: "SIGKILL" }]);
});

test("a process halted by SIGSTOP can be stopped", async () => {
  const { child, exits } = supervise("ready");
  await child.ready;
  child.kill("SIGSTOP");
  await child.stop(5000);
  expect(exits).toEqual([{ code: 0, signal: null }]);
});

test("a faulty configuration is not tried again, and the reason is told", async () => {
  const { child, exits } = supervise("bad-config");
  await expect(child.ready).rejects.toThrow(/trainer-1.*exited with 78\n {2}AMAAS_PORT is -1/);
  await expect.poll(() => exits).toEqual([{ code: 78, signal: null }]);
});

test("a process that never gets ready is given up after several starts", async () => {
  const { child, exits } = supervise("crash");
  await expect(child.ready).rejects.toThrow(/exited with 3, 5 times in a row[\s\S]*out of luck/);
  expect(exits.map(({ restartInMs }) => restartInMs)).toEqual([200, 400, 800, 1600, undefined]);
}, 20_000);

test("where restarts are off, the first crash is the end", async () => {
  const { child, exits } = supervise("crash", false);
  await expect(child.ready).rejects.toThrow("exited with 3");
  expect(exits).toEqual([{ code: 3, signal: null }]);
});
