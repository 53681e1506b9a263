/** The smallest service as a process, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const children: ChildProcess[] = [];

export function endAll(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}

export type Line = Record<string, unknown>;

export function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [new URL("./echo.fixture.ts", import.meta.url).pathname], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  children.push(child);
  const lines: Line[] = [];
  const errors: string[] = [];
  const messages: Line[] = [];
  child.on("message", (message: Line) => messages.push(message));
  const output = createInterface({ input: child.stdout! });
  output.on("line", (line) => lines.push(JSON.parse(line)));
  createInterface({ input: child.stderr! }).on("line", (line) => errors.push(line));
  const said = [once(child.stdout!, "close"), once(child.stderr!, "close")];
  const exitCode = once(child, "exit").then(async ([code]) => {
    await Promise.all(said);
    return code;
  });
  return {
    child,
    lines,
    errors,
    exitCode,
    /** Resolves once a line of the log says so. */
    async line(wanted: string): Promise<Line> {
      for (;;) {
        const found = lines.find(({ message }) => message === wanted);
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`exited: ${errors.join("\n")}`);
        await Promise.race([once(output, "line"), exitCode]);
      }
    },
    async message(type: string): Promise<{ grpc: string; http: string }> {
      for (;;) {
        const found = messages.find((message) => message.type === type);
        if (found) return { grpc: String(found.grpc), http: String(found.http) };
        if (child.exitCode !== null) throw new Error(`exited: ${errors.join("\n")}`);
        await Promise.race([once(child, "message"), exitCode]);
      }
    },
  };
}

export async function get(host: string, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://${host}${path}`);
  return { status: response.status, body: await response.text() };
}
