export type { Bus, Subscription } from "./bus.ts";
export type { ChaosOptions } from "./chaos.ts";
export { type BusOptions, connectBus } from "./connect.ts";
export { decodeEvent, type Event, encodeEvent, type WireEvent } from "./event.ts";
export { createRelay, type Relay } from "./relay.ts";
export { isSubject, type PayloadOf, type Subject, subjects } from "./subjects.ts";
