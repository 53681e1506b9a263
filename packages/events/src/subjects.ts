/**
 * The subjects there are, and the message of each.
 *
 * Adding an event is a message in `proto/amaas/events/v1` and a line here.
 */
import {
  AliasMoved,
  JobChanged,
  VersionCreated,
  VersionLoaded,
} from "@amaas/proto/amaas/events/v1/events";

export const subjects = {
  "amaas.scheduler.job.changed": JobChanged,
  "amaas.registry.version.created": VersionCreated,
  "amaas.registry.alias.moved": AliasMoved,
  "amaas.inference.version.loaded": VersionLoaded,
} as const;

export type Subject = keyof typeof subjects;
export type PayloadOf<S extends Subject> = ReturnType<(typeof subjects)[S]["decode"]>;

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

const codecs: { readonly [S in Subject]: Codec<PayloadOf<S>> } = subjects;

export function isSubject(text: string): text is Subject {
  return Object.hasOwn(subjects, text);
}

export function encodePayload<S extends Subject>(subject: S, data: PayloadOf<S>): Uint8Array {
  return codecs[subject].encode(data).finish();
}

export function decodePayload<S extends Subject>(subject: S, bytes: Uint8Array): PayloadOf<S> {
  return codecs[subject].decode(bytes);
}
