/**
 * A server under test, as a child process that never outlives the test.
 *
 * A small guard process holds the read end of a pipe whose write end is ours: however we end, the
 * pipe closes, and the guard kills the server and removes its folder.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Whether the server answers. */
  readonly answers: () => Promise<boolean>;
}

/** A server that can be ended and started again on the same port, with the same folder. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  #output = "";

  constructor(command: ServerCommand, folder: string) {
    this.#command = command;
    this.#folder = folder;
  }

  /** Resolves once the server answers. */
  async start(): Promise<void> {
    const limit = Date.now() + 20_000;
    while (!(await this.#attempt(limit))) {
      // A server killed a moment ago may still hold its port or its memory.
      if (Date.now() > limit) throw new Error(`${this.#command.program}:\n${this.#output}`);
      await setTimeout(200);
    }
  }

  /** Ends the server and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, "exit");
    }
    this.#guard?.kill("SIGKILL");
    this.#child = undefined;
  }

  /** SIGSTOP makes it hang, SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the server and removes what it kept. */
  async remove(signal: NodeJS.Signals): Promise<void> {
    await this.end(signal);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  async #attempt(limit: number): Promise<boolean> {
    const { program, args, uid, gid, answers } = this.#command;
    const user = uid === undefined || gid === undefined ? {} : { uid, gid };
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...user });
    this.#child = child;
    this.#guard = guard(child.pid, this.#folder);
    const keep = (text: Buffer) => {
      this.#output = (this.#output + text).slice(-10_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const running = () => child.exitCode === null && child.signalCode === null;
    while (running() && Date.now() < limit) {
      if (await answers()) return true;
      await setTimeout(50);
    }
    await this.end("SIGKILL");
    return false;
  }
}

function guard(pid: number | undefined, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -9 "$0"; sleep 0.2; rm -rf "$1"';
  const child = spawn("sh", ["-c", script, String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  return child;
}

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `amaas-${name}-`));
}

/** A port of the loopback interface that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** The program's path: from `folders` if it is there, else from PATH. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const all = [...folders, ...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Whether tests that need a server can run. Where they cannot they are skipped, which is said
 * aloud; in CI, where nothing may be skipped, it is an error.
 */
export function available(what: string, found: boolean): boolean {
  if (found) return true;
  if (process.env.CI === "true") throw new Error(`CI needs ${what}, and it is not installed`);
  console.warn(`SKIPPING what needs ${what}: it is not installed`);
  return false;
}

/** The ids of a system user. */
export function userIds(name: string): { uid: number; gid: number } | undefined {
  const id = (flag: string) => {
    const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" });
    return status === 0 ? Number(stdout) : undefined;
  };
  const [uid, gid] = [id("-u"), id("-g")];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
