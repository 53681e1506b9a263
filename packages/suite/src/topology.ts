/**
 * Which processes make up a suite, on which ports, with which environment. Pure: the same options
 * and ports give the same answer, so a restarted process comes back as the one it was.
 */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DomainError } from "@amaas/errors";

/** In the order of starting; stopping goes backwards. */
export const roles = ["registry", "scheduler", "parameter-server", "trainer", "inference"] as const;

export type Role = (typeof roles)[number];

export interface Topology {
  readonly directory: string;
  readonly trainers: number;
  readonly servers: number;
  readonly inference: number;
  /** Wins over the defaults below, not over ports and node ids. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Slot {
  readonly name: string;
  readonly role: Role;
  /** Counts from 0 within the role. */
  readonly index: number;
}

export interface Ports {
  readonly grpc: number;
  readonly http: number;
  /** Of services that also speak REST. */
  readonly rest?: number;
}

export interface PlannedProcess extends Slot {
  readonly main: string;
  readonly grpc: string;
  readonly http: string;
  readonly env: Readonly<Record<string, string>>;
}

const host = "127.0.0.1";
const services = fileURLToPath(new URL("../../../services/", import.meta.url));

export function mainOf(role: Role): string {
  return join(services, role, "src", "main.ts");
}

/** Where each role listens when it has the machine to itself; further ones of a role follow 10 apart. */
const standard: Readonly<Record<Role, Ports>> = {
  scheduler: { grpc: 7101, http: 7201 },
  registry: { grpc: 7102, http: 7202 },
  "parameter-server": { grpc: 7103, http: 7203 },
  trainer: { grpc: 7104, http: 7204 },
  inference: { grpc: 8001, http: 8002, rest: 8000 },
};

/** Ten apart, the tenth would land on another role's HTTP port. */
const mostOnStandardPorts = 9;
const mostOfARole = 64;

/** Services with rows of their own. */
const stateful: ReadonlySet<Role> = new Set<Role>(["registry", "scheduler"]);

export function slots(topology: Topology): Slot[] {
  const counts: Readonly<Record<Role, number>> = {
    registry: 1,
    scheduler: 1,
    "parameter-server": checkedCount("servers", topology.servers),
    trainer: checkedCount("trainers", topology.trainers),
    inference: checkedCount("inference", topology.inference),
  };
  return roles.flatMap((role) =>
    Array.from({ length: counts[role] }, (_, index) => ({
      role,
      index,
      name: role === "registry" || role === "scheduler" ? role : `${role}-${index + 1}`,
    })),
  );
}

export function standardPorts({ role, index }: Slot): Ports {
  if (index >= mostOnStandardPorts)
    throw new DomainError(
      "invalid-argument",
      `the standard ports hold at most ${mostOnStandardPorts} of ${role}; use free ports for more (amaas up --free-ports)`,
    );
  const { grpc, http, rest } = standard[role];
  const apart = 10 * index;
  return {
    grpc: grpc + apart,
    http: http + apart,
    ...(rest === undefined ? {} : { rest: rest + apart }),
  };
}

export function planProcesses(
  topology: Topology,
  ports: ReadonlyMap<string, Ports>,
): PlannedProcess[] {
  const addressOf = (name: string, kind: "grpc" | "http") => {
    const found = ports.get(name);
    if (!found) throw new DomainError("internal", `no ports were planned for ${name}`);
    return `${host}:${found[kind]}`;
  };
  const shared = {
    AMAAS_HOST: host,
    AMAAS_BLOBS_URL: pathToFileURL(join(topology.directory, "blobs")).href,
    AMAAS_INFERENCE_CACHE: join(topology.directory, "graphs"),
    AMAAS_SCHEDULER_ADDRESS: addressOf("scheduler", "grpc"),
    AMAAS_REGISTRY_ADDRESS: addressOf("registry", "grpc"),
  };
  return slots(topology).map((slot) => ({
    ...slot,
    main: mainOf(slot.role),
    grpc: addressOf(slot.name, "grpc"),
    http: addressOf(slot.name, "http"),
    env: {
      ...shared,
      ...(stateful.has(slot.role)
        ? { AMAAS_DATABASE_URL: `sqlite:${join(topology.directory, `${slot.role}.db`)}` }
        : {}),
      ...topology.env,
      AMAAS_PORT: portOf(addressOf(slot.name, "grpc")),
      AMAAS_HTTP_PORT: portOf(addressOf(slot.name, "http")),
      ...restPort(ports.get(slot.name)),
      AMAAS_NODE_ID: slot.name,
    },
  }));
}

function restPort(ports: Ports | undefined): Record<string, string> {
  return ports?.rest === undefined ? {} : { AMAAS_REST_PORT: String(ports.rest) };
}

/** Whether a role also speaks REST. */
export function hasRest(role: Role): boolean {
  return standard[role].rest !== undefined;
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}

function checkedCount(what: string, count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > mostOfARole)
    throw new DomainError(
      "invalid-argument",
      `${what} is ${count}; wanted a whole number from 1 to ${mostOfARole}`,
    );
  return count;
}
