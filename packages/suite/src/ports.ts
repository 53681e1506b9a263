/**
 * Ports for a suite: the standard ones, once each is seen to be free, or free ones.
 *
 * Free ports are drawn from below the range that systems hand to outgoing connections: a port from
 * that range, not yet listened on, could be taken by a sibling's connection in the meantime.
 */
import { createServer } from "node:net";
import { DomainError } from "@amaas/errors";
import { hasRest, type Ports, type Slot, standardPorts } from "./topology.ts";

const lowest = 20_000;
const highest = 32_000;
const mostTries = 500;

export async function choosePorts(
  slots: readonly Slot[],
  kind: "standard" | "free",
): Promise<Map<string, Ports>> {
  return kind === "standard" ? checkStandard(slots) : drawFree(slots);
}

async function checkStandard(slots: readonly Slot[]): Promise<Map<string, Ports>> {
  const chosen = new Map<string, Ports>();
  const taken: string[] = [];
  for (const slot of slots) {
    const ports = standardPorts(slot);
    chosen.set(slot.name, ports);
    for (const port of Object.values(ports))
      if (!(await isFree(port))) taken.push(`${port} (${slot.name})`);
  }
  if (taken.length > 0)
    throw new DomainError(
      "failed-precondition",
      `${taken.length === 1 ? "a port is" : "ports are"} in use: ${taken.join(", ")}; stop what listens there, or use free ports (amaas up --free-ports)`,
    );
  return chosen;
}

async function drawFree(slots: readonly Slot[]): Promise<Map<string, Ports>> {
  const drawn = new Set<number>();
  const draw = async (): Promise<number> => {
    for (let tries = 0; tries < mostTries; tries++) {
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      if (drawn.has(port) || !(await isFree(port))) continue;
      drawn.add(port);
      return port;
    }
    throw new DomainError("unavailable", `found no free port from ${lowest} to ${highest}`);
  };
  const chosen = new Map<string, Ports>();
  for (const { name, role } of slots) {
    const ports = { grpc: await draw(), http: await draw() };
    chosen.set(name, hasRest(role) ? { ...ports, rest: await draw() } : ports);
  }
  return chosen;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
