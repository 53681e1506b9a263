/**
 * The whole suite on one machine: the same programs that a cluster runs in containers, as child
 * processes on loopback ports, with events relayed over IPC. What crashes is restarted on its ports;
 * nothing outlives the supervisor.
 */
import { resolve } from "node:path";
import { DomainError } from "@amaas/errors";
import { createRelay } from "@amaas/events";
import { inheritedEnvironment } from "./environment.ts";
import { identityOf } from "./identity.ts";
import { awaitLeftovers } from "./leftovers.ts";
import { lockDirectory } from "./lock.ts";
import { choosePorts } from "./ports.ts";
import { createStateWriter, describeProcess, type Endpoints } from "./state-file.ts";
import { type Exit, SupervisedProcess } from "./supervised-process.ts";
import { type PlannedProcess, planProcesses, type Role, roles, slots } from "./topology.ts";

export interface SuiteOptions {
  /** Where the suite keeps its state; made where it is missing. */
  readonly directory: string;
  readonly trainers?: number;
  readonly servers?: number;
  readonly inference?: number;
  readonly ports: "standard" | "free";
  /** For every process, over the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (process: string, line: string) => void;
  readonly onExit?: (process: string, exit: Exit) => void;
  /** Loses, repeats and reorders events, for tests. */
  readonly chaos?: RelayChaos;
  readonly restart?: boolean;
}

type RelayChaos = NonNullable<NonNullable<Parameters<typeof createRelay>[0]>["chaos"]>;

export interface SuiteProcess {
  readonly name: string;
  readonly role: Role;
  readonly grpc: string;
  readonly http: string;
  /** Absent while it is down. */
  readonly pid: number | undefined;
  readonly ready: boolean;
  readonly restarts: number;
}

export interface Suite {
  readonly directory: string;
  readonly endpoints: Endpoints;
  readonly processes: ReadonlyMap<string, SuiteProcess>;
  /** Resolves once every process has been ready; rejects once that has become hopeless. */
  ready(): Promise<void>;
  kill(name: string, signal?: NodeJS.Signals): void;
  /** In reverse order of starting; what has not stopped when the grace is over is killed. */
  stop(graceMs?: number): Promise<void>;
  /** Resolves when the suite has stopped. */
  readonly exited: Promise<void>;
}

const defaultGraceMs = 20_000;

export async function startSuite(options: SuiteOptions): Promise<Suite> {
  const directory = resolve(options.directory);
  const topology = {
    directory,
    trainers: options.trainers ?? 2,
    servers: options.servers ?? 2,
    inference: options.inference ?? 1,
    env: options.env ?? {},
  };
  const wanted = slots(topology);
  const lock = await lockDirectory(directory);
  try {
    await awaitLeftovers(directory);
    const planned = planProcesses(topology, await choosePorts(wanted, options.ports));
    return run(directory, planned, options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function run(
  directory: string,
  planned: readonly PlannedProcess[],
  options: SuiteOptions,
  release: () => Promise<void>,
): Suite {
  const relay = createRelay(options.chaos ? { chaos: options.chaos } : {});
  const state = createStateWriter(directory);
  const endpoints = endpointsOf(planned);
  const startedAt = new Date().toISOString();
  const base = inheritedEnvironment();
  const gone = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;

  const supervised = planned.map(
    (process) =>
      new SupervisedProcess(process, base, options.restart ?? true, {
        started: (child) => {
          relay.attach(child);
          writeState();
        },
        line: (line) => options.onLine?.(process.name, line),
        exited: (exit) => options.onExit?.(process.name, exit),
      }),
  );
  const processes = new Map(supervised.map((child) => [child.planned.name, view(child)]));

  function writeState(): void {
    const running = supervised.flatMap(({ planned, pid }) =>
      pid === undefined ? [] : [describeProcess(planned, pid)],
    );
    // A full disk must not take the running suite down; commands then need explicit addresses.
    state
      .write({
        supervisor: identityOf(process.pid),
        directory,
        startedAt,
        endpoints,
        processes: running,
      })
      .catch(() => {});
  }

  async function stopInOrder(graceMs: number): Promise<void> {
    const until = Date.now() + graceMs;
    for (const role of roles.toReversed()) {
      const group = supervised.filter(({ planned }) => planned.role === role);
      await Promise.all(group.map((child) => child.stop(Math.max(0, until - Date.now()))));
    }
    relay.close();
    await state.remove().catch(() => {});
    await release();
    gone.resolve();
  }

  for (const child of supervised) child.start();

  return {
    directory,
    endpoints,
    processes,
    ready: async () => {
      await Promise.all(supervised.map((child) => child.ready));
    },
    kill: (name, signal = "SIGKILL") => {
      const child = supervised.find(({ planned }) => planned.name === name);
      if (!child)
        throw new DomainError(
          "not-found",
          `no process is called ${name}; there are ${[...processes.keys()].join(", ")}`,
        );
      child.kill(signal);
    },
    stop: (graceMs = defaultGraceMs) => {
      // Asked again, without patience.
      if (stopping && graceMs === 0) for (const child of supervised) child.end();
      stopping ??= stopInOrder(graceMs);
      return stopping;
    },
    exited: gone.promise,
  };
}

function view(child: SupervisedProcess): SuiteProcess {
  const { name, role, grpc, http } = child.planned;
  return {
    name,
    role,
    grpc,
    http,
    get pid() {
      return child.pid;
    },
    get ready() {
      return child.isReady;
    },
    get restarts() {
      return child.restarts;
    },
  };
}

function endpointsOf(planned: readonly PlannedProcess[]): Endpoints {
  const first = (role: Role): string => {
    const found = planned.find((process) => process.role === role);
    if (!found) throw new DomainError("internal", `the plan has no ${role}`);
    return found.grpc;
  };
  return {
    scheduler: first("scheduler"),
    registry: first("registry"),
    inference: first("inference"),
    metrics: Object.fromEntries(
      planned.map(({ name, http }) => [name, `http://${http}/metrics`] as const),
    ),
  };
}
