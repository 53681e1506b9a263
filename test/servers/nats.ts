/** A real nats-server with JetStream, on a loopback port and with a folder of its own. */
import { createConnection } from "node:net";
import {
  available,
  findProgram,
  freePort,
  ServerProcess,
  temporaryFolder,
} from "./server-process.ts";

export interface NatsServer {
  readonly url: string;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** Starts it again, after ending it if it runs, on the same port and data. */
  restart(): Promise<void>;
  /** SIGSTOP makes it hang, SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): void;
}

export function natsAvailable(): boolean {
  return available("nats-server", findProgram("nats-server") !== undefined);
}

export async function startNats(): Promise<NatsServer> {
  const program = findProgram("nats-server");
  if (program === undefined) throw new Error("nats-server is not installed");
  const [port, folder] = [await freePort(), temporaryFolder("nats")];
  const args = [
    "--addr",
    "127.0.0.1",
    "--port",
    String(port),
    "--jetstream",
    "--store_dir",
    folder,
  ];
  const server = new ServerProcess({ program, args, answers: () => greets(port) }, folder);
  await server.start();
  return {
    url: `nats://127.0.0.1:${port}`,
    stop: () => server.remove("SIGTERM"),
    kill: () => server.end("SIGKILL"),
    async restart() {
      await server.end("SIGTERM");
      await server.start();
    },
    signal: (signal) => server.signal(signal),
  };
}

/** Whether the server sends its INFO line, which it does once JetStream is up. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    const settle = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once("data", (data) => settle(data.toString().startsWith("INFO ")));
    socket.once("error", () => settle(false));
    socket.setTimeout(1000, () => settle(false));
  });
}
