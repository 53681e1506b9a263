/**
 * The port of a server, and the connections that came in through it.
 *
 * They are ours rather than grpc-js', which at the end asks its peers to go, and neither knows
 * when they have gone nor makes them.
 */
import { once } from "node:events";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { DomainError, errorMessage } from "@amaas/errors";
import type { ConnectionInjector } from "@grpc/grpc-js";
import { InFlight } from "./in-flight.ts";

export class Listener {
  readonly #server: NetServer;
  readonly #sockets = new InFlight<Socket>();

  constructor(injector: ConnectionInjector) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
  }

  /** Resolves with the port. */
  async listen(host: string, port: number): Promise<number> {
    try {
      this.#server.listen({ host, port });
      await once(this.#server, "listening");
    } catch (error) {
      const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      throw new DomainError("unavailable", `cannot listen on ${address}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : port;
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
