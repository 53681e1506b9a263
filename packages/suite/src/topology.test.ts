import { expect, test } from "vitest";
import { choosePorts } from "./ports.ts";
import { planProcesses, slots, standardPorts } from "./topology.ts";

const topology = { directory: "/state", trainers: 2, servers: 1, inference: 1, env: {} };
const ports = new Map(slots(topology).map((slot) => [slot.name, standardPorts(slot)]));

test("on standard ports every process has its own", () => {
  const wide = { ...topology, trainers: 9, servers: 9, inference: 9 };
  const all = slots(wide).flatMap((slot) => Object.values(standardPorts(slot)));
  expect(new Set(all).size).toBe(all.length);
  expect(() => slots({ ...wide, trainers: 10 }).map(standardPorts)).toThrow("at most 9 of trainer");
});

test("free ports lie below those of outgoing connections, each drawn once", async () => {
  const drawn = await choosePorts(slots(topology), "free");
  const all = [...drawn.values()].flatMap((ports) => Object.values(ports));
  expect(new Set(all).size).toBe(13);
  expect(Math.min(...all)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...all)).toBeLessThan(32_000);
});

test("every process is told who it is and where the others are", () => {
  const planned = planProcesses(topology, ports);
  expect(planned.map(({ name, grpc, http }) => `${name} ${grpc} ${http}`)).toMatchInlineSnapshot(`
    [
      "registry 127.0.0.1:7102 127.0.0.1:7202",
      "scheduler 127.0.0.1:7101 127.0.0.1:7201",
      "parameter-server-1 127.0.0.1:7103 127.0.0.1:7203",
      "trainer-1 127.0.0.1:7104 127.0.0.1:7204",
      "trainer-2 127.0.0.1:7114 127.0.0.1:7214",
      "inference-1 127.0.0.1:8001 127.0.0.1:8002",
    ]
  `);
  expect(planned[1]?.env).toMatchInlineSnapshot(`
    {
      "AMAAS_BLOBS_URL": "file:///state/blobs",
      "AMAAS_DATABASE_URL": "sqlite:/state/scheduler.db",
      "AMAAS_HOST": "127.0.0.1",
      "AMAAS_HTTP_PORT": "7201",
      "AMAAS_INFERENCE_CACHE": "/state/graphs",
      "AMAAS_NODE_ID": "scheduler",
      "AMAAS_PORT": "7101",
      "AMAAS_REGISTRY_ADDRESS": "127.0.0.1:7102",
      "AMAAS_SCHEDULER_ADDRESS": "127.0.0.1:7101",
    }
  `);
});

test("inference is told its port of REST, which others have not", () => {
  const told = planProcesses(topology, ports).map(({ env }) => env.AMAAS_REST_PORT);
  expect(told).toEqual([undefined, undefined, undefined, undefined, undefined, "8000"]);
});

test("the caller's variables win over defaults, not over who a process is", () => {
  const env = { AMAAS_DATABASE_URL: "postgres://db", AMAAS_NODE_ID: "me", AMAAS_PORT: "1" };
  const [registry] = planProcesses({ ...topology, env }, ports);
  expect(registry?.env).toMatchObject({
    AMAAS_DATABASE_URL: "postgres://db",
    AMAAS_NODE_ID: "registry",
    AMAAS_PORT: "7102",
  });
});

test.each([0, 1.5, 65])("%d trainers are refused", (trainers) => {
  expect(() => slots({ ...topology, trainers })).toThrow(
    `trainers is ${trainers}; wanted a whole number from 1 to 64`,
  );
});
