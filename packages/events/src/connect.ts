/** Opens the bus that the configuration asks for. */
import type { Telemetry } from "@amaas/telemetry";
import { type Bus, TransportBus } from "./bus.ts";
import { EmbeddedTransport } from "./embedded.ts";
import { parseNatsUrl } from "./nats-servers.ts";

export interface BusOptions {
  /** NATS where it is given, else the embedded bus. */
  readonly natsUrl?: string | undefined;
  readonly telemetry: Telemetry;
  /** Who we are, for the NATS server's monitoring. */
  readonly name: string;
}

/**
 * Returns before there is a connection, and never fails because there is none: `onConnect` tells
 * when there is. Only a URL that can never work is refused.
 */
export async function connectBus({ natsUrl, telemetry, name }: BusOptions): Promise<Bus> {
  if (natsUrl === undefined || natsUrl === "") {
    return new TransportBus((receiver) => new EmbeddedTransport(receiver), telemetry);
  }
  const servers = parseNatsUrl(natsUrl);
  // The client takes 60 ms and 18 MB to load, which the embedded bus need not pay.
  const { NatsTransport } = await import("./nats.ts");
  const options = { servers, name, log: telemetry.log };
  return new TransportBus((receiver) => new NatsTransport(options, receiver), telemetry);
}
