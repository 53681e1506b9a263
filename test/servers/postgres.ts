/** A real PostgreSQL, on a loopback port and with a folder of its own. */
import { execFile } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  available,
  findProgram,
  freePort,
  ServerProcess,
  temporaryFolder,
  userIds,
} from "./server-process.ts";

const run = promisify(execFile);

export interface PostgresServer {
  /** A database that is there from the start. */
  readonly url: string;
  /** A URL under which nothing is there yet: a schema of its own, as a database takes seconds. */
  createDatabase(): Promise<string>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** Starts it again, after ending it if it runs, on the same port and data. */
  restart(): Promise<void>;
  /** SIGSTOP makes it hang, SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): void;
}

export function postgresAvailable(): boolean {
  return available("PostgreSQL", programs() !== undefined);
}

export async function startPostgres(): Promise<PostgresServer> {
  const found = programs();
  if (found === undefined) throw new Error("PostgreSQL is not installed");
  const { initdb, postgres, isReady, psql } = found;
  const [port, folder, user] = [await freePort(), temporaryFolder("postgres"), unprivileged()];
  if (user) chownSync(folder, user.uid, user.gid);

  const data = join(folder, "data");
  const cluster = ["-D", data, "-U", "amaas", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"];
  await run(initdb, cluster, { cwd: folder, ...user });

  const answers = () =>
    run(isReady, ["-h", "127.0.0.1", "-p", String(port), "-U", "amaas"]).then(
      () => true,
      () => false,
    );
  const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, ...settings];
  const server = new ServerProcess({ program: postgres, args, ...user, answers }, folder);
  await server.start();

  const url = `postgres://amaas@127.0.0.1:${port}/postgres`;
  let databases = 0;
  return {
    url,
    async createDatabase() {
      databases += 1;
      const schema = `test_${databases}`;
      await run(psql, ["-X", "-q", "-c", `create schema ${schema}`, url]);
      return `${url}?options=-csearch_path%3D${schema}`;
    },
    // SIGINT is its fast shutdown: it does not wait for clients to leave.
    stop: () => server.remove("SIGINT"),
    kill: () => server.end("SIGKILL"),
    async restart() {
      await server.end("SIGINT");
      await server.start();
    },
    signal: (signal) => server.signal(signal),
  };
}

/** Small, but as durable as in production. */
const settings = [
  "fsync=on",
  "synchronous_commit=on",
  "shared_buffers=16MB",
  "max_connections=60",
].flatMap((setting) => ["-c", setting]);

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly isReady: string;
  readonly psql: string;
}

function programs(): Programs | undefined {
  const folders = debianFolders();
  const initdb = findProgram("initdb", folders);
  const postgres = findProgram("postgres", folders);
  const isReady = findProgram("pg_isready", folders);
  const psql = findProgram("psql", folders);
  return initdb && postgres && isReady && psql ? { initdb, postgres, isReady, psql } : undefined;
}

/** Debian keeps the programs of each release apart and out of PATH; the newest first. */
function debianFolders(): string[] {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return [];
  const releases = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return releases.map((release) => join(root, release, "bin"));
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return userIds("postgres") ?? userIds("nobody");
}
