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
  const draw = drawer();
  const chosen = new Map<string, Ports>();
  for (const { name, role } of slots) {
    const ports = { grpc: await draw(), http: await draw() };
    chosen.set(name, hasRest(role) ? { ...ports, rest: await draw() } : ports);
  }
  return chosen;
}

/** The ports as they are given, a free one in place of each 0; refuses those that are in use. */
export async function portsOrFree(
  host: string,
  wanted: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(wanted))
    if (port !== 0 && !(await isFree(port, host))) taken.push(`${port} (${name})`);
  if (taken.length > 0)
    throw new DomainError(
      "failed-precondition",
      `${taken.length === 1 ? "a port is" : "ports are"} in use at ${host}: ${taken.join(", ")}; stop what listens there, or choose others, 0 for a free one`,
    );
  const draw = drawer();
  const chosen: Record<string, number> = {};
  for (const [name, port] of Object.entries(wanted)) chosen[name] = port || (await draw());
  return chosen;
}

/** Draws a free port, another one every time. */
function drawer(): () => Promise<number> {
  const drawn = new Set<number>();
  return async () => {
    for (let tries = 0; tries < mostTries; tries++) {
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      if (drawn.has(port) || !(await isFree(port))) continue;
      drawn.add(port);
      return port;
    }
    throw new DomainError("unavailable", `found no free port from ${lowest} to ${highest}`);
  };
}

function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
