/**
 * The bus: events to whoever subscribed, over whatever carries them.
 *
 * Events are hints. One may be lost, come twice, late or out of order; a reader asks the owner
 * for the state on an event, on every connect, and on a slow timer of its own.
 */
import type { Attributes, Telemetry } from "@amaas/telemetry";
import {
  cleanTraceparent,
  decodeAs,
  type Event,
  encodeEvent,
  faultOf,
  type WireEvent,
} from "./event.ts";
import { Inbox } from "./inbox.ts";
import { createInstruments, type Instruments } from "./instruments.ts";
import type { Subject } from "./subjects.ts";
import type { OpenTransport, Transport } from "./transport.ts";

export interface Subscription {
  /** The handler is not called again. */
  close(): void;
}

export interface Bus {
  /**
   * Resolves once the event is handed over; rejects with `unavailable`, in a few seconds at
   * most, where it could not be.
   */
  publish<S extends Subject>(event: Event<S>): Promise<void>;

  /** One event at a time, in the order they come. What the handler throws is logged. */
  subscribe<S extends Subject>(
    subject: S,
    handler: (event: Event<S>) => Promise<void> | void,
  ): Subscription;

  /** Called on every connect, the next turn if there is a connection now: read the owner's state. */
  onConnect(fn: () => void): void;

  close(): Promise<void>;
}

interface Arrival {
  readonly event: WireEvent;
  readonly attributes: Attributes | undefined;
}

/** How long `close` waits for handlers at work. */
const patienceMs = 2000;

export class TransportBus implements Bus {
  readonly #transport: Transport;
  readonly #instruments: Instruments;
  readonly #inboxes = new Map<string, Set<Inbox<Arrival>>>();
  readonly #onConnect: (() => void)[] = [];
  #connected = false;
  #closed = false;

  constructor(open: OpenTransport, telemetry: Telemetry) {
    this.#transport = open({
      received: (event, attributes) => this.#received(event, attributes),
      connected: () => this.#noteConnected(),
    });
    this.#instruments = createInstruments(telemetry, this.#transport.system);
  }

  async publish<S extends Subject>(event: Event<S>): Promise<void> {
    const wire = encodeEvent(event);
    await this.#instruments.publish(wire, (sent) => this.#transport.send(sent));
  }

  subscribe<S extends Subject>(subject: S, handler: (event: Event<S>) => Promise<void> | void) {
    const instruments = this.#instruments;
    const inbox = new Inbox<Arrival>(
      ({ event, attributes }) =>
        instruments.process(event, attributes, () => handler(decodeAs(subject, event))),
      () => instruments.lost(subject),
    );
    const inboxes = this.#inboxes.get(subject) ?? new Set();
    this.#inboxes.set(subject, inboxes.add(inbox));
    return {
      close() {
        inboxes.delete(inbox);
        inbox.close();
      },
    };
  }

  onConnect(fn: () => void): void {
    this.#onConnect.push(fn);
    if (this.#connected) queueMicrotask(() => this.#call(fn));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const inboxes = [...this.#inboxes.values()].flatMap((some) => [...some]);
    for (const inbox of inboxes) inbox.close();
    await this.#transport.close();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceMs);
    await Promise.race([Promise.all(inboxes.map((inbox) => inbox.idle())), tooLong]);
    clearTimeout(timer);
  }

  #received(event: WireEvent, attributes: Attributes | undefined): void {
    const inboxes = this.#inboxes.get(event.subject);
    if (inboxes === undefined || this.#closed) return;
    const fault = faultOf(event);
    if (fault !== undefined) {
      this.#instruments.malformed(event, fault);
      return;
    }
    const traceparent = cleanTraceparent(event.traceparent);
    for (const inbox of inboxes) inbox.push({ event: { ...event, traceparent }, attributes });
  }

  #noteConnected(): void {
    this.#connected = true;
    for (const fn of this.#onConnect) this.#call(fn);
  }

  #call(fn: () => void): void {
    if (this.#closed) return;
    try {
      fn();
    } catch (error) {
      this.#instruments.failedOnConnect(error);
    }
  }
}
