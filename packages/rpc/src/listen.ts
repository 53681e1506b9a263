/** Begins to listen, or says where it could not and why. */
import { once } from "node:events";
import type { Server } from "node:net";
import { DomainError, errorMessage } from "@amaas/errors";

/** Resolves with the port, which is a free one where 0 was asked for. */
export async function listenOn(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const message = `cannot listen on ${where}: ${errorMessage(cause)}`;
    throw new DomainError("unavailable", message, { cause });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
