/**
 * suite.json: where a running suite can be reached, for commands started elsewhere. Written anew on
 * every start of a process, removed on a clean stop; after a crash it tells which processes the
 * dead supervisor left to end by themselves.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { identityOf, isAlive, type ProcessIdentity } from "./identity.ts";
import type { Role } from "./topology.ts";

export interface Endpoints {
  readonly scheduler: string;
  readonly registry: string;
  /** The first replica. */
  readonly inference: string;
  /** By process, the address of its Prometheus metrics. */
  readonly metrics: Readonly<Record<string, string>>;
}

export interface StateFileProcess extends ProcessIdentity {
  readonly name: string;
  readonly role: Role;
  readonly grpc: string;
  readonly http: string;
}

export interface StateFile {
  readonly supervisor: ProcessIdentity;
  readonly directory: string;
  readonly startedAt: string;
  readonly endpoints: Endpoints;
  readonly processes: readonly StateFileProcess[];
}

const name = "suite.json";

/** Writes follow one another, and each replaces the whole file. */
export function createStateWriter(directory: string) {
  const path = join(directory, name);
  let last: Promise<void> = Promise.resolve();
  const after = (step: () => Promise<void>): Promise<void> => {
    last = last.then(step, step);
    return last;
  };
  return {
    write: (state: StateFile): Promise<void> =>
      after(async () => {
        await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
        await rename(`${path}.new`, path);
      }),
    remove: (): Promise<void> => after(() => rm(path, { force: true })),
  };
}

export async function readStateFile(directory: string): Promise<StateFile | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(join(directory, name), "utf8"));
    return isStateFile(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The running suite whose state directory `.amaas` is in this folder or the nearest above it. */
export async function findSuite(from: string): Promise<StateFile | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const state = await readStateFile(join(folder, ".amaas"));
    if (state && isAlive(state.supervisor)) return state;
    if (dirname(folder) === folder) return undefined;
  }
}

export function describeProcess(
  process: Omit<StateFileProcess, "pid" | "started">,
  pid: number,
): StateFileProcess {
  const { name, role, grpc, http } = process;
  return { name, role, grpc, http, ...identityOf(pid) };
}

function isStateFile(found: unknown): found is StateFile {
  if (typeof found !== "object" || found === null) return false;
  if (!("supervisor" in found) || !("endpoints" in found) || !("processes" in found)) return false;
  const { supervisor, endpoints, processes } = found;
  return (
    isIdentity(supervisor) &&
    typeof endpoints === "object" &&
    endpoints !== null &&
    "scheduler" in endpoints &&
    typeof endpoints.scheduler === "string" &&
    "registry" in endpoints &&
    typeof endpoints.registry === "string" &&
    "inference" in endpoints &&
    typeof endpoints.inference === "string" &&
    Array.isArray(processes) &&
    processes.every(isIdentity)
  );
}

function isIdentity(found: unknown): found is ProcessIdentity {
  return (
    typeof found === "object" && found !== null && "pid" in found && typeof found.pid === "number"
  );
}
