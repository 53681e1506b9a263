/**
 * Events over NATS JetStream.
 *
 * A transport lives through any number of sessions: connect, see to the stream, read it from its
 * end, be ready, until the connection is lost; then again, for ever, with growing pauses. Nothing
 * is carried over from one session to the next, so each reconnect is as good as a start, and
 * readers are told to ask the owners for what they may have missed.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import type { Attributes, Logger } from "@amaas/telemetry";
import {
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JsMsg,
  jetstream,
} from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { Backoff } from "./backoff.ts";
import type { WireEvent } from "./event.ts";
import type { NatsServers } from "./nats-servers.ts";
import { ensureStream, streamName } from "./nats-stream.ts";
import type { Receiver, Transport } from "./transport.ts";

const connectMs = 5000;
const requestMs = 2000;

export interface NatsOptions {
  readonly servers: NatsServers;
  readonly name: string;
  readonly log: Logger;
}

export class NatsTransport implements Transport {
  readonly system = "nats";
  readonly #options: NatsOptions;
  readonly #receiver: Receiver;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #connection: NatsConnection | undefined;
  /** Set while a session is ready. */
  #stream: JetStreamClient | undefined;

  constructor(options: NatsOptions, receiver: Receiver) {
    this.#options = options;
    this.#receiver = receiver;
    this.#done = this.#run();
  }

  async send({ subject, id, data, traceparent }: WireEvent): Promise<void> {
    if (this.#stream === undefined) throw unavailable(`cannot publish ${subject}: not connected`);
    const fields = headers();
    if (traceparent !== undefined) fields.set("traceparent", traceparent);
    try {
      const options = { msgID: id, headers: fields, timeout: requestMs };
      await this.#stream.publish(subject, data, options);
    } catch (cause) {
      // Nobody answered: the stream is gone, or the server. A new session sees to both.
      if (!(cause instanceof JetStreamApiError)) void this.#connection?.close();
      throw unavailable(`cannot publish ${subject}: ${errorMessage(cause)}`, cause);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection?.close();
    // A connection attempt under way ends by its own limit; nobody needs to wait for it.
    if (this.#connection !== undefined) await this.#done;
  }

  async #run(): Promise<void> {
    const { log, servers } = this.#options;
    const backoff = new Backoff({ firstMs: 100, mostMs: 3000 });
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#session(() => {
          backoff.succeeded();
          log.info("connected to NATS", { servers: servers.servers });
        });
      } catch (error) {
        // The first of a row; the others say the same.
        const level = backoff.failures === 0 ? "warn" : "debug";
        if (!signal.aborted)
          log[level]("NATS is not available", { servers: servers.servers, error });
      }
      if (!signal.aborted) await backoff.wait(signal);
    }
  }

  /** Returns or throws when the session is over. */
  async #session(onReady: () => void): Promise<void> {
    const connection = await this.#connect();
    try {
      if (this.#stop.signal.aborted) return;
      const client = jetstream(connection, { timeout: requestMs });
      await ensureStream(await client.jetstreamManager());
      const messages = await this.#consume(client);
      this.#stream = client;
      onReady();
      this.#receiver.connected();
      const error = await Promise.race([connection.closed(), messages.closed()]);
      throw error ?? new Error("the connection was closed");
    } finally {
      this.#stream = undefined;
      this.#connection = undefined;
      await connection.close();
    }
  }

  async #connect(): Promise<NatsConnection> {
    const connection = await connect({
      ...this.#options.servers,
      name: this.#options.name,
      reconnect: false,
      timeout: connectMs,
      // A server that vanished without a word is noticed within half a minute.
      pingInterval: 10_000,
      maxPingOut: 2,
      noAsyncTraces: true,
    });
    this.#connection = connection;
    return connection;
  }

  /** An ordered, ephemeral consumer that starts at the stream's end. */
  async #consume(client: JetStreamClient): Promise<ConsumerMessages> {
    const consumer = await client.consumers.get(streamName, { deliver_policy: DeliverPolicy.New });
    return consumer.consume({
      abort_on_missing_resource: true,
      callback: (message) => this.#receiver.received(wireOf(message), attributesOf(message)),
    });
  }
}

function wireOf(message: JsMsg): WireEvent {
  // Header names are looked up as they are written.
  const traceparent = message.headers?.get("traceparent");
  return {
    subject: message.subject,
    id: message.headers?.get("Nats-Msg-Id") || `${streamName}:${message.seq}`,
    data: message.data,
    traceparent: traceparent === "" ? undefined : traceparent,
  };
}

function attributesOf(message: JsMsg): Attributes {
  return {
    "messaging.nats.stream": streamName,
    "messaging.nats.stream_sequence": message.seq,
    "messaging.nats.delivery_count": message.info.deliveryCount,
  };
}

function unavailable(message: string, cause?: unknown): DomainError {
  return new DomainError("unavailable", `NATS: ${message}`, { cause });
}
