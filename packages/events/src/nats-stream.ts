/**
 * The JetStream stream of all events.
 *
 * It is made where it is missing and left alone where it is there: operators may have given it
 * replicas or other limits. Servers from 2.9 on know all that is asked for here.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";

export const streamName = "AMAAS";

/** Within this time a repeat of an id is known as one. */
const duplicateWindowMs = 2 * 60 * 1000;

/** Nobody reads back; this much is for people who look. */
const maxAgeMs = 24 * 3600 * 1000;
const maxBytes = 64 << 20;

export async function ensureStream(manager: JetStreamManager): Promise<void> {
  try {
    await manager.streams.info(streamName);
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Processes that start together all get here; the same stream made twice is one stream.
    await manager.streams.add({
      name: streamName,
      subjects: ["amaas.>"],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: nanos(maxAgeMs),
      max_bytes: maxBytes,
      duplicate_window: nanos(duplicateWindowMs),
      num_replicas: 1,
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
