/**
 * From a digest to a warm session: the bytes are read and checked against the digest, the model is
 * opened and run once.
 *
 * Every version has threads of its own. Opening one holds up no other, closing one gives all of its
 * memory back, and idle threads cost no time; how many run at once is the run queue's business.
 * Versions are loaded one after the other, so that a start with many models holds the bytes of one.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { createPool, type PooledSession } from "@amaas/engine";
import type { Telemetry } from "@amaas/telemetry";
import { modelTooLarge } from "./errors.ts";
import type { Wanted } from "./model-version.ts";
import { warm } from "./warm.ts";

/** An ONNX file is one protobuf message, which ends at 2 GiB. */
const mostBytes = 2 ** 31;

export interface LoaderParts {
  readonly blobs: BlobStore;
  /** Of each version. */
  readonly threads: number;
  readonly tracer: Telemetry["tracer"];
}

export function createLoader(parts: LoaderParts): (wanted: Wanted) => Promise<PooledSession> {
  let last: Promise<unknown> = Promise.resolve();
  return (wanted) => {
    const opened = last.then(() => load(wanted, parts));
    last = opened.catch(() => undefined);
    return opened;
  };
}

async function load(wanted: Wanted, { blobs, threads, tracer }: LoaderParts) {
  const { model, version, digest, bytes } = wanted;
  if (bytes > mostBytes) throw modelTooLarge(model, bytes, mostBytes);
  const contents = await blobs.get(parseDigest(digest));
  const session = await open(contents, threads, `${model}@${version}`);
  try {
    await tracer.span("inference.warm", {}, () => warm(session));
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A session whose threads end with it. */
async function open(model: Uint8Array, threads: number, name: string): Promise<PooledSession> {
  const pool = createPool({ threads, name });
  try {
    return { ...(await pool.open(model)), close: () => pool.close() };
  } catch (error) {
    await pool.close();
    throw error;
  }
}
