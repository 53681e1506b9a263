/**
 * The port of a server, and the connections that came in through it, which at the end are known to have gone.
 */
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { InFlight } from "./in-flight.ts";
import { listenOn } from "./listen.ts";

/** For peers that are gone while their connection closes, which HTTP/2's own pings no longer look after. */
const probeMs = 60_000;

export class Listener {
  readonly #server: NetServer;
  readonly #sockets = new InFlight<Socket>();

  constructor(take: (socket: Socket) => void) {
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: probeMs },
      (socket) => {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket));
        take(socket);
      },
    );
  }

  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number> {
    return listenOn(this.#server, host, port);
  }

  /** Takes no more connections. */
  refuse(): void {
    this.#server.close();
  }

  /** Waits until the connections are gone, and closes what is left when `patience` ends. */
  async close(patience: AbortSignal): Promise<void> {
    await this.#sockets.empty(patience);
    for (const socket of this.#sockets) socket.destroy();
    await this.#sockets.empty();
  }
}
