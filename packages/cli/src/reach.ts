/**
 * Whether anything listens at an address at all. Asked before the first call, since a client that
 * bears interruptions would wait long for a service that nobody started.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@amaas/errors";

/** Long enough for a process that is just being restarted. */
const patienceMs = 1_500;
const connectMs = 3_000;
const pauseMs = 150;

export async function requireListener(service: string, address: string): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const fault = await tryToConnect(address);
    if (fault === undefined) return;
    if (Date.now() >= giveUpAt)
      throw new DomainError(
        "unavailable",
        `nothing answers at ${address}, where the ${service} should be (${fault})`,
      );
    await sleep(pauseMs);
  }
}

function tryToConnect(address: string): Promise<string | undefined> {
  const colon = address.lastIndexOf(":");
  const [host, port] = [
    address.slice(0, colon).replace(/^\[|\]$/g, ""),
    Number(address.slice(colon + 1)),
  ];
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new DomainError(
      "invalid-argument",
      `found the address ${JSON.stringify(address)}, wanted host:port`,
    );
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const settle = (fault?: string) => {
      socket.destroy();
      resolve(fault);
    };
    socket.once("connect", () => settle());
    socket.once("timeout", () => settle("no answer"));
    socket.once("error", (error) =>
      settle(
        "code" in error && error.code === "ECONNREFUSED" ? "connection refused" : error.message,
      ),
    );
  });
}
