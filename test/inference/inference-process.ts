/** An inference replica as a process of its own, which can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { freePort } from "../servers/server-process.ts";

const main = fileURLToPath(import.meta.resolve("@amaas/inference/main"));

export interface InferenceProcess {
  /** host:port of gRPC. */
  readonly grpc: string;
  readonly http: string;
  /** Where REST is. */
  readonly rest: string;
  readonly pid: number;
  /** As `kill -9` does. */
  kill(): Promise<void>;
  /** As a supervisor does; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when it is ready. */
export async function startInferenceProcess(
  env: Readonly<Record<string, string>>,
): Promise<InferenceProcess> {
  const rest = await freePort();
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      AMAAS_PORT: "0",
      AMAAS_REST_PORT: String(rest),
      AMAAS_LOG_LEVEL: "warn",
      ...env,
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<number | null>((resolve) => void child.once("exit", resolve));
  const { grpc, http } = await ready(child);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return await ended;
  };
  return {
    grpc,
    http,
    rest: `http://127.0.0.1:${rest}`,
    pid: child.pid!,
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
  };
}

function ready(child: ChildProcess): Promise<{ readonly grpc: string; readonly http: string }> {
  const places = { grpc: "", http: "" };
  return new Promise((resolve, reject) => {
    child.on("message", (message: { type: string; grpc?: string; http?: string }) => {
      if (message.type === "amaas:listening") Object.assign(places, message);
      if (message.type === "amaas:ready") resolve(places);
    });
    child.once("exit", (code, signal) =>
      reject(new Error(`the replica ended with ${code ?? signal} before it was ready`)),
    );
  });
}
